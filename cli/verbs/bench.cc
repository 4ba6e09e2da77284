#include <poll.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "cli/bench/measurement.h"
#include "cli/bench/report.h"
#include "cli/verbs/end_asked.h"
#include "cli/verbs/kernel_truth.h"
#include "cli/verbs/verb.h"
#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

constexpr std::string_view kernels_own = "kernel";
constexpr double longest_workload = 600;

struct Options {
  std::vector<std::string> schedulers;
  std::vector<std::string> workloads;
  unsigned rounds = 5;
  double seconds = 2;
  std::string output = "text";
  std::string html;
};

// Holds a scheduler by a connection of its own, so that the one before is let go only when the next is in force. With
// the last connection the rules are back, however this process ends.
class HoldingMachine final : public BenchMachine {
 public:
  HoldingMachine(const Session& session, int give_up) : session_(session), give_up_(give_up) {}

  Result<void> take(const std::string& scheduler) override {
    auto client = connect(session_);
    if (!client) return fail(std::move(client.error()));
    const auto cookie =
        client->hold(scheduler, {.mode = "", .args = {}, .reason = "schedctl bench", .give_up = give_up_});
    if (!cookie) return fail(cookie.error());
    scheduler_ = scheduler;
    holder_.emplace(std::move(*client));
    enable_seq_ = read_kernel_status(sched_ext_directory()).enable_seq;
    return confirm();
  }

  Result<void> confirm() override {
    const auto status = fetch_status(*holder_);
    if (!status) return fail(status.error());
    if (status->override_by) {
      return fail(Errc::failed, "`schedctl run` or `schedctl stop` stands above it; `schedctl auto` ends that");
    }
    if (status->kernel.enable_seq != enable_seq_) return fail(lost(*status));
    const bool kernel = scheduler_ == kernels_own;
    const bool ours = status->current && status->current->name == scheduler_ && status->kernel.state == "enabled";
    if (kernel ? status->kernel.state == "enabled" : !ours) return fail(lost(*status));
    return {};
  }

 private:
  static Error lost(const Status& status) {
    if (status.last_failure) return {Errc::failed, status.last_failure->text};
    return {Errc::failed, "it was not in force all the time"};
  }

  const Session& session_;
  int give_up_;
  std::string scheduler_;
  std::optional<Client> holder_;
  std::uint64_t enable_seq_ = 0;
};

// What rules use.
Result<std::vector<std::string>> used_schedulers(Client& client) {
  const auto status = fetch_status(client);
  if (!status) return fail(status.error());
  std::vector<std::string> names;
  for (const auto& rule : status->rules) {
    if (std::ranges::find(names, rule.use) == names.end()) names.push_back(rule.use);
  }
  if (names.empty()) return fail(Errc::not_found, "no rule uses a scheduler; name some: `schedctl bench NAME…`");
  return names;
}

Result<BenchPlan> make_plan(Client& client, const Options& options) {
  BenchPlan plan{.schedulers = {std::string(kernels_own)},
                 .workloads = {},
                 .rounds = options.rounds,
                 .duration = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(options.seconds)),
                 .warm_up = {}};
  plan.warm_up = plan.duration / 2;
  auto names =
      options.schedulers.empty() ? used_schedulers(client) : Result<std::vector<std::string>>(options.schedulers);
  if (!names) return fail(std::move(names.error()));
  for (const auto& name : *names) {
    if (std::ranges::find(plan.schedulers, name) == plan.schedulers.end()) plan.schedulers.push_back(name);
  }
  for (const auto& workload : bench_workloads()) {
    const bool asked = std::ranges::find(options.workloads, workload.name) != options.workloads.end();
    if (asked || options.workloads.empty()) plan.workloads.push_back(workload);
  }
  return plan;
}

int report(const BenchResult& result, const Options& options) {
  const auto place = this_place();
  if (!options.html.empty()) {
    if (const auto written = write_file_atomic(options.html, bench_html(result, place), 0644); !written) {
      complain(written.error().describe());
      return exit_failed;
    }
  }
  const auto text = options.output == "json" ? bench_json(result, place) : bench_text(result, place);
  if (!print(text)) return exit_failed;
  return result.failed.empty() ? exit_done : exit_failed;
}

int bench(const Session& session, Client& client, const Options& options) {
  const auto end = end_asked_for();
  if (!end) return failed(client, end.error());
  const auto plan = make_plan(client, options);
  if (!plan) return failed(client, plan.error());
  fmt::print(stderr, "{} schedulers, {} workloads, {} rounds: {} and the switches; ^C ends it and puts things back\n",
             plan->schedulers.size(), plan->workloads.size(), plan->rounds,
             format_duration(std::chrono::ceil<std::chrono::seconds>(planned(*plan))));
  HoldingMachine machine(session, end->get());
  const BenchPause pause = [fd = end->get()](Duration duration) {
    pollfd asked{fd, POLLIN, 0};
    return ::poll(&asked, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(duration).count())) == 0;
  };
  const auto result = measure(*plan, machine, pause, [](const std::string& line) { fmt::print(stderr, "{}\n", line); });
  if (!result) return failed(client, result.error());
  return report(*result, options);
}

std::vector<std::string> workload_names() {
  std::vector<std::string> names;
  for (const auto& workload : bench_workloads()) names.push_back(workload.name);
  return names;
}

}  // namespace

void add_bench(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("bench", "Measure this machine under schedulers and under the kernel's own");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("scheduler", options->schedulers, "Policies' schedulers; without one, those that rules use")
      ->type_name("NAME");
  verb->add_option("-w,--workload", options->workloads, join(workload_names(), ", ") + "; all without it")
      ->check(CLI::IsMember(workload_names()))
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("WORKLOAD");
  verb->add_option("-r,--rounds", options->rounds, "How often each scheduler meets each workload")
      ->check(CLI::Range(1U, 1000U));
  verb->add_option("-s,--seconds", options->seconds, "How long a workload takes in a round")
      ->check(CLI::Range(0.1, longest_workload));
  verb->add_option("--html", options->html, "Write a page with plots as well")->type_name("FILE");
  add_output(*verb, options->output);
  verb->footer(
      "Each round goes over all schedulers, each held as `schedctl hold` does, and the kernel's own. Better and worse "
      "are said only where the 95 % intervals do not touch. Leave the machine alone meanwhile; it is busy.\n\nExit "
      "code 1: a scheduler could not be held, or did not last.\n\n"
      "Examples:\n  schedctl bench lavd --workload frames-120 --rounds 10\n  schedctl bench --html report.html");
  on_daemon(*verb, session, [&session, options](Client& client) { return bench(session, client, *options); });
}

}  // namespace schedkit
