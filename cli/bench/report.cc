#include "cli/bench/report.h"

#include <sys/utsname.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/bench/load.h"
#include "cli/bench/summary.h"
#include "core/base/text.h"
#include "core/bus/time_text.h"

namespace schedkit {

namespace {

using Json = nlohmann::ordered_json;

// /proc/cpuinfo, "model name"; other architectures have no such line.
std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return std::string(trim(line.substr(line.find(':') + 1)));
  }
  return {};
}

std::string number(double value) {
  if (value >= 1000) return fmt::format("{:.0f}", value);
  return fmt::format("{:.{}f}", value, value >= 100 ? 1 : value >= 10 ? 2 : 3);
}

std::string percentiles(const Workload& workload, const BenchFigure& figure) {
  if (workload.more_is_better) return fmt::format("{:>32}", number(figure.p50));
  return fmt::format("{:>10} {:>10} {:>10}", number(figure.p50), number(figure.p95), number(figure.p99));
}

std::string table(const BenchResult& result, const Workload& workload) {
  const auto figures = summarise(result, workload);
  if (figures.empty()) return {};
  std::string text = fmt::format("\n{}: {}, {}\n", workload.name, workload.unit,
                                 workload.more_is_better ? "more is better" : "less is better");
  text += fmt::format("  {}\n", workload.title);
  const auto compared =
      workload.more_is_better ? std::string("median") : fmt::format("p{:.0f} of a round", workload.share * 100);
  text += fmt::format("  {:<14} {:>10} {:>10} {:>10}  {:<20}\n", "", workload.more_is_better ? "" : "p50",
                      workload.more_is_better ? "" : "p95", workload.more_is_better ? "per second" : "p99",
                      compared + ", 95 %");
  for (const auto& figure : figures) {
    text += fmt::format("  {:<14.14} {}  {:<20} {}\n", figure.scheduler, percentiles(workload, figure),
                        number(figure.low) + " to " + number(figure.high),
                        to_string(compare(workload, figure, figures.front())));
  }
  return text;
}

Json to_json(const BenchFigure& figure, BenchVerdict verdict) {
  return {{"scheduler", figure.scheduler}, {"p50", figure.p50}, {"p95", figure.p95},   {"p99", figure.p99},
          {"value", figure.value},         {"low", figure.low}, {"high", figure.high}, {"verdict", to_string(verdict)}};
}

Json to_json(const BenchResult& result, const Workload& workload) {
  Json figures = Json::array();
  const auto summary = summarise(result, workload);
  for (const auto& figure : summary) figures.push_back(to_json(figure, compare(workload, figure, summary.front())));
  return {{"name", workload.name},
          {"title", workload.title},
          {"unit", workload.unit},
          {"more_is_better", workload.more_is_better},
          {"compared_by", fmt::format("p{:.0f}", workload.share * 100)},
          {"schedulers", std::move(figures)}};
}

}  // namespace

BenchPlace this_place() {
  utsname names{};
  ::uname(&names);
  return {.kernel = fmt::format("{} {}", names.release, names.machine),
          .cpu = cpu_model(),
          .cpus = usable_cpus(),
          .at = SystemClock().wall_now()};
}

std::string bench_text(const BenchResult& result, const BenchPlace& place) {
  std::string text = fmt::format("{} rounds of {} per workload; Linux {}, {} CPUs{}{}\n", result.rounds,
                                 format_duration(result.plan.duration), place.kernel, place.cpus,
                                 place.cpu.empty() ? "" : ", ", place.cpu);
  for (const auto& workload : result.plan.workloads) text += table(result, workload);
  if (!result.failed.empty()) text += "\n";
  for (const auto& [scheduler, why] : result.failed) text += fmt::format("{} was left out: {}\n", scheduler, why);
  return text;
}

std::string bench_json(const BenchResult& result, const BenchPlace& place) {
  Json json{{"schema_version", "1"},
            {"at", format_time(place.at, false)},
            {"kernel", place.kernel},
            {"cpu", place.cpu},
            {"cpus", place.cpus},
            {"rounds", result.rounds},
            {"seconds", std::chrono::duration<double>(result.plan.duration).count()},
            {"baseline", result.plan.schedulers.front()},
            {"workloads", Json::array()},
            {"failed", Json::array()}};
  for (const auto& workload : result.plan.workloads) json["workloads"].push_back(to_json(result, workload));
  for (const auto& [scheduler, why] : result.failed) {
    json["failed"].push_back({{"scheduler", scheduler}, {"error", why}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace schedkit
