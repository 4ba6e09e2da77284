#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/bench/report.h"
#include "cli/bench/summary.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

namespace {

// Tells what each workload measures by who is in force, without time passing.
class FakeBench final : public BenchMachine {
 public:
  std::vector<std::string> taken;
  std::string refuses;
  Errc refusal = Errc::failed;
  std::string falls;  // from its second turn on
  int turns_until_end = -1;

  Result<void> take(const std::string& scheduler) override {
    if (scheduler == refuses) return fail(refusal, "the kernel refuses it");
    taken.push_back(scheduler);
    return {};
  }

  Result<void> confirm() override {
    const bool second = std::count(taken.begin(), taken.end(), taken.back()) > 1;
    if (taken.back() == falls && second) return fail(Errc::failed, "it was ejected");
    return {};
  }

  Workload workload(std::string name, std::map<std::string, double> of, bool more_is_better = false) {
    return {.name = std::move(name),
            .title = "Something <good> & \"quoted\"",
            .unit = "ms",
            .more_is_better = more_is_better,
            .share = 0.5,
            .run = [this, of = std::move(of)](Duration duration, const BenchPause& pause) -> Result<Samples> {
              if (!pause(duration)) return fail(Errc::failed, "nothing was measured");
              const double value = of.at(taken.back()) + 0.01 * static_cast<double>(taken.size());
              return Samples{value, value * 2, value * 3};
            }};
  }

  BenchPause pause() {
    return [this](Duration) { return turns_until_end < 0 || turns_until_end-- > 0; };
  }
};

}  // namespace

TEST_GROUP(Bench) {
  FakeBench machine;
  BenchPlan plan{.schedulers = {"kernel", "lavd", "rusty"}, .workloads = {}, .rounds = 4};
  std::vector<std::string> told;

  void setup() override {
    plan.workloads = {machine.workload("latency", {{"kernel", 5}, {"lavd", 1}, {"rusty", 5}}),
                      machine.workload("rate", {{"kernel", 5}, {"lavd", 1}, {"rusty", 9}}, true)};
  }
  Result<BenchResult> race() {
    return measure(plan, machine, machine.pause(), [this](const std::string& line) { told.push_back(line); });
  }
  std::string verdicts(const BenchResult& result, std::size_t workload) {
    std::string text;
    const auto figures = summarise(result, plan.workloads[workload]);
    for (const auto& figure : figures) {
      text += figure.scheduler + ": " +
              std::string(to_string(compare(plan.workloads[workload], figure, figures.front()))) + "; ";
    }
    return text;
  }
};

TEST(Bench, each_round_begins_with_another_scheduler) {
  const auto result = race();
  CHECK_TRUE(result.has_value());
  LONGS_EQUAL(4, result->rounds);
  const std::vector<std::string> order = {"kernel", "lavd",   "rusty", "lavd",   "rusty", "kernel",
                                          "rusty",  "kernel", "lavd",  "kernel", "lavd",  "rusty"};
  CHECK_TRUE(order == machine.taken);
}

TEST(Bench, better_and_worse_need_intervals_that_do_not_touch) {
  const auto result = race();
  STRCMP_EQUAL("kernel: baseline; lavd: better; rusty: not told apart; ", verdicts(*result, 0).c_str());
  STRCMP_EQUAL("kernel: baseline; lavd: worse; rusty: better; ", verdicts(*result, 1).c_str());
}

TEST(Bench, a_scheduler_that_cannot_be_had_is_left_out_and_named) {
  machine.refuses = "lavd";
  const auto result = race();
  STRCMP_EQUAL("kernel: baseline; rusty: not told apart; ", verdicts(*result, 0).c_str());
  STRCMP_EQUAL("the kernel refuses it", result->failed.at("lavd").c_str());
  CHECK_TRUE(bench_text(*result, {}).find("lavd was left out: the kernel refuses it") != std::string::npos);
}

TEST(Bench, what_one_did_in_the_round_in_which_it_fell_does_not_count) {
  machine.falls = "rusty";
  const auto result = race();
  LONGS_EQUAL(1, result->of.at({"rusty", "latency"}).size());
  LONGS_EQUAL(4, result->of.at({"kernel", "latency"}).size());
  STRCMP_EQUAL("it was ejected", result->failed.at("rusty").c_str());
}

TEST(Bench, ended_early_it_tells_of_the_rounds_that_were_finished) {
  machine.turns_until_end = 3 * 3 + 2;
  const auto result = race();
  LONGS_EQUAL(1, result->rounds);
  LONGS_EQUAL(1, result->of.at({"lavd", "rate"}).size());
  CHECK_TRUE(result->failed.empty());
}

TEST(Bench, ended_while_a_scheduler_is_taken_nobody_has_failed) {
  machine.refuses = "rusty";
  machine.refusal = Errc::cancelled;
  const auto result = race();
  CHECK_TRUE(!result && result.error().code == Errc::cancelled);
}

TEST(Bench, ended_in_the_first_round_it_has_nothing_to_tell) {
  machine.turns_until_end = 2;
  const auto result = race();
  CHECK_TRUE(result.error().code == Errc::cancelled);
}

TEST(Bench, the_json_has_what_the_table_says) {
  const auto result = race();
  const auto json = nlohmann::json::parse(bench_json(*result, {.kernel = "6.18", .cpu = "A CPU", .cpus = 8, .at = {}}));
  LONGS_EQUAL(2, json["workloads"].size());
  const auto& lavd = json["workloads"][0]["schedulers"][1];
  STRCMP_EQUAL("lavd", lavd["scheduler"].get<std::string>().c_str());
  STRCMP_EQUAL("better", lavd["verdict"].get<std::string>().c_str());
  CHECK_TRUE(lavd["low"] <= lavd["value"] && lavd["value"] <= lavd["high"]);
  LONGS_EQUAL(4, json["rounds"].get<int>());
}

TEST(Bench, the_page_needs_nothing_else_and_escapes_what_it_is_given) {
  machine.refuses = "lavd";
  const auto page = bench_html(*race(), {.kernel = "<b>6.18</b>", .cpu = {}, .cpus = 8, .at = {}});
  for (const char* foreign : {"http:", "https:", "<script", "<b>", "<good>"}) {
    CHECK_TEXT(page.find(foreign) == std::string::npos, foreign);
  }
  CHECK_TRUE(page.find("Something &lt;good&gt; &amp; &quot;quoted&quot;") != std::string::npos);
  CHECK_TRUE(page.find("<svg") != std::string::npos);
}

TEST(Bench, every_workload_measures_and_ends) {
  const BenchPause pause = [](Duration duration) {
    std::this_thread::sleep_for(duration);
    return true;
  };
  for (const auto& workload : bench_workloads()) {
    const auto samples = workload.run(60ms, pause);
    CHECK_TEXT(samples.has_value() && !samples->empty(), workload.name.c_str());
    for (const double sample : *samples) CHECK_TEXT(sample > 0, workload.name.c_str());
  }
}

TEST(Bench, the_time_it_takes_is_told_before) {
  plan.warm_up = 1s;
  plan.duration = 2s;
  CHECK_TRUE(planned(plan) == 4 * 3 * 5s);
}
