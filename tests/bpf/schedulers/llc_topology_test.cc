#include "bpf/schedulers/llc_topology.h"

#include <CppUTest/TestHarness.h>

#include <filesystem>
#include <fstream>

namespace schedkit {
namespace {

using List = std::vector<std::uint32_t>;
using Numbers = std::vector<std::uint16_t>;

void write(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text << '\n';
}

}  // namespace
}  // namespace schedkit

using namespace schedkit;

TEST_GROUP(CpuList){};

TEST(CpuList, TakesNumbersAndRanges) {
  CHECK(List({0, 1, 2, 3, 8, 10, 11}) == parse_cpu_list("0-3,8,10-11\n", 16).value());
  CHECK(List({5}) == parse_cpu_list("5", 6).value());
  CHECK(parse_cpu_list("\n", 6).value().empty());
}

TEST(CpuList, RefusesAnythingElse) {
  for (const char* text : {"3-1", "1-", "-1", "a", "1,,2", "1-2-3", "6", "0-6", "99999999999999999999"})
    CHECK_TEXT(!parse_cpu_list(text, 6).has_value(), text);
}

TEST_GROUP(LlcTopologyTest) {
  std::filesystem::path root;

  void setup() override {
    std::string name = std::filesystem::temp_directory_path() / "schedkit-llc-XXXXXX";
    CHECK(mkdtemp(name.data()) != nullptr);
    root = name;
  }
  void teardown() override { std::filesystem::remove_all(root); }

  void cache(int cpu, int index, int level, const char* shared) {
    auto directory = root / fmt::format("cpu{}/cache/index{}", cpu, index);
    write(directory / "level", std::to_string(level));
    write(directory / "shared_cpu_list", shared);
  }
  Result<LlcTopology> read(std::uint32_t max_cpus = 64, std::uint32_t max_llcs = 8) {
    return read_llc_topology(root, max_cpus, max_llcs);
  }
};

TEST(LlcTopologyTest, TheHighestLevelDecides) {
  write(root / "online", "0-3");
  for (int cpu = 0; cpu < 4; cpu++) {
    cache(cpu, 0, 1, std::to_string(cpu).c_str());
    cache(cpu, 1, 3, cpu < 2 ? "0-1" : "2-3");
    cache(cpu, 2, 2, std::to_string(cpu).c_str());
  }
  auto topology = read().value();
  LONGS_EQUAL(2, topology.count);
  CHECK(Numbers({0, 0, 1, 1}) == topology.of_cpu);
}

TEST(LlcTopologyTest, WithoutCachesThereIsOne) {
  write(root / "online", "0-2");
  auto topology = read().value();
  LONGS_EQUAL(1, topology.count);
  CHECK(Numbers({0, 0, 0}) == topology.of_cpu);
}

TEST(LlcTopologyTest, OfflineCpusAndHolesCountAsTheFirst) {
  write(root / "online", "0,3");
  cache(0, 0, 3, "0");
  cache(3, 0, 3, "3");
  auto topology = read().value();
  LONGS_EQUAL(2, topology.count);
  CHECK(Numbers({0, 0, 0, 1}) == topology.of_cpu);
}

TEST(LlcTopologyTest, StaysWithinItsLimits) {
  write(root / "online", "0-5");
  for (int cpu = 0; cpu < 6; cpu++) cache(cpu, 0, 3, std::to_string(cpu).c_str());
  auto topology = read(5, 2).value();
  LONGS_EQUAL(2, topology.count);
  CHECK(Numbers({0, 1, 0, 1, 0}) == topology.of_cpu);
}

TEST(LlcTopologyTest, NeedsTheListOfOnlineCpus) {
  CHECK(!read().has_value());
  write(root / "online", "zero");
  auto error = read().error();
  CHECK(error.text.find("/online") != std::string::npos);
}
