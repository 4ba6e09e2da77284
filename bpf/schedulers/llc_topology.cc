#include "bpf/schedulers/llc_topology.h"

#include <algorithm>
#include <map>

#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

constexpr std::size_t list_limit = 65536;
constexpr int cache_indexes = 16;

// The shared_cpu_list of the highest level of `cpu`'s caches as text, which names the cache; "" when there is none.
std::string last_level_cache(const std::string& cpu_root, std::uint32_t cpu) {
  std::uint64_t highest = 0;
  std::string list;
  for (int index = 0; index < cache_indexes; index++) {
    auto directory = fmt::format("{}/cpu{}/cache/index{}", cpu_root, cpu, index);
    auto level_text = read_file(directory + "/level", 64);
    if (!level_text) break;
    auto level = parse_unsigned(trim(*level_text));
    auto shared = read_file(directory + "/shared_cpu_list", list_limit);
    if (!level || !shared || *level <= highest) continue;
    highest = *level;
    list = trim(*shared);
  }
  return list;
}

}  // namespace

Result<std::vector<std::uint32_t>> parse_cpu_list(std::string_view text, std::uint32_t limit) {
  std::vector<std::uint32_t> cpus;
  text = trim(text);
  if (text.empty()) return cpus;
  for (auto piece : split(text, ',')) {
    auto ends = split(piece, '-');
    auto first = parse_unsigned(ends.front());
    auto last = parse_unsigned(ends.back());
    if (ends.size() > 2 || !first || !last || *first > *last || *last >= limit)
      return fail(Errc::invalid, "CPU list {}: expected numbers and ranges below {}", quote(text), limit);
    for (auto cpu = *first; cpu <= *last; cpu++) cpus.push_back(static_cast<std::uint32_t>(cpu));
  }
  return cpus;
}

Result<LlcTopology> read_llc_topology(const std::string& cpu_root, std::uint32_t max_cpus, std::uint32_t max_llcs) {
  constexpr std::uint32_t any_cpu = 1U << 20;
  auto text = read_file(cpu_root + "/online", list_limit);
  if (!text) return fail(text.error());
  auto online = parse_cpu_list(*text, any_cpu);
  if (!online) return fail(with_context(online.error(), cpu_root + "/online"));
  LlcTopology topology;
  std::map<std::string, std::uint32_t> number_of;
  for (auto cpu : *online) {
    if (cpu >= max_cpus) continue;
    auto [entry, is_new] = number_of.try_emplace(last_level_cache(cpu_root, cpu), number_of.size());
    if (topology.of_cpu.size() <= cpu) topology.of_cpu.resize(cpu + 1);
    topology.of_cpu[cpu] = static_cast<std::uint16_t>(entry->second % max_llcs);
  }
  topology.count = std::clamp<std::uint32_t>(static_cast<std::uint32_t>(number_of.size()), 1, max_llcs);
  return topology;
}

}  // namespace schedkit
