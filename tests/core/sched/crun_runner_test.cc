#include "core/sched/crun_runner.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "core/base/text.h"
#include "core/loop/child.h"
#include "core/sched/process_fd.h"
#include "core/sched/running_record.h"
#include "tests/core/sched/runner_fixture.h"

#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

// Every test ends with a machine that holds no trace of it.
TEST_GROUP(CrunRunner) {
  std::unique_ptr<RunnerFixture> fixture;
  Watched watched;
  bool skipped = false;

  void setup() override {
    const std::string reason = RunnerFixture::why_not();
    skipped = !reason.empty();
    if (skipped) return UtestShell::getCurrent()->print(reason.c_str(), __FILE__, __LINE__);
    fixture = std::make_unique<RunnerFixture>();
    fixture->open();
    CHECK(fixture->runner != nullptr);
  }

  void teardown() override {
    if (skipped) return;
    watched.run.reset();
    if (fixture->runner) {
      CHECK(fixture->until_idle());
      STRCMP_EQUAL("", fixture->traces().c_str());
    }
    fixture->runner.reset();
  }

  void start(std::vector<std::string> arguments) { fixture->start(watched, std::move(arguments)); }
  bool until(const std::function<bool()>& done) { return fixture->until(done); }
  // Starts a scheduler under a daemon in little and kills that when the scheduler is at the gate. The result is the
  // listener, kept as systemd would.
  std::map<std::string, UniqueFd> run_and_kill_daemon(std::vector<std::string> arguments) {
    fixture->runner.reset();
    auto heard = Output::create(fixture->loop, fixture->directory.path(), {});
    CHECK(heard.has_value());
    const auto out = (*heard)->open_stdout();
    ChildOptions options;
    options.argv = {RUNNER_PROGRAM, fixture->run_dir(), fixture->rootfs()};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    options.stdout_fd = out->get();
    options.stderr_fd = STDERR_FILENO;
    bool killed = false;
    auto daemon = Child::start(fixture->loop, options, [&](ChildExit) { killed = true; });
    CHECK(daemon.has_value());
    CHECK(until([&] { return killed || (*heard)->tail(1) == "at gate"; }));
    std::map<std::string, UniqueFd> kept;
    for (const auto& line : (*heard)->lines()) {
      const auto words = split(line, ' ');
      if (words.size() != 3 || words[0] != "listener") continue;
      const auto process = open_process((*daemon)->pid());
      auto listener = copy_descriptor(*process, static_cast<int>(parse_unsigned(words[2]).value_or(0)));
      CHECK(listener.has_value());
      kept.emplace(words[1], std::move(*listener));
    }
    CHECK_EQUAL(1U, kept.size());
    CHECK_EQUAL(0, ::kill((*daemon)->pid(), SIGKILL));
    CHECK(until([&] { return killed; }));
    return kept;
  }
  bool parked() {
    return until([this] { return watched.at_gate > 0; });
  }
  bool ended() {
    return until([this] { return watched.ended(); });
  }
};

TEST(CrunRunner, tells_the_exit_status_and_the_last_output) {
  if (skipped) return;
  start({"print", "hello", "exit", "3"});
  CHECK_EQUAL(0, watched.run->pid());
  CHECK(ended());
  STRCMP_EQUAL("", watched.failed ? watched.failed->text.c_str() : "");
  CHECK_EQUAL(3, watched.exited->status.value_or(-1));
  CHECK_EQUAL(0, watched.exited->signal);
  STRCMP_EQUAL("hello", watched.exited->last_output.c_str());
  STRCMP_EQUAL("exited with status 3", watched.exited->describe().c_str());
  CHECK_EQUAL(0, watched.at_gate);
  CHECK(watched.run->id().starts_with("test-1-"));
}

TEST(CrunRunner, parks_the_attach_call_until_the_gate_opens) {
  if (skipped) return;
  start({"attach", "wait"});
  CHECK(parked());
  CHECK(watched.run->waits_at_gate());
  CHECK(watched.run->owns(watched.run->pid()));
  CHECK_FALSE(watched.run->owns(::getpid()));
  CHECK_FALSE(watched.run->owns(1));
  CHECK_FALSE(fixture->printed("attach: 22"));
  CHECK(watched.run->open_gate().has_value());
  CHECK_FALSE(watched.run->waits_at_gate());
  CHECK(fixture->until_line("attach: 22"));  // EINVAL: the kernel itself refuses an array map
  CHECK(watched.run->open_gate().error().code == Errc::not_found);
  CHECK_EQUAL(1, watched.at_gate);
}

TEST(CrunRunner, high_bits_in_the_command_do_not_pass_the_gate) {
  if (skipped) return;
  start({"high-bits", "attach", "wait"});
  CHECK(parked());
  CHECK(watched.run->open_gate().has_value());
  CHECK(fixture->until_line("attach: 22"));
}

TEST(CrunRunner, comes_to_the_gate_again) {
  if (skipped) return;
  start({"attach", "attach", "wait"});
  CHECK(parked());
  CHECK(watched.run->open_gate().has_value());
  CHECK(until([this] { return watched.at_gate == 2; }));
  watched.run->keep_gate_open(true);
  CHECK_FALSE(watched.run->waits_at_gate());
  CHECK(until([this] { return fixture->lines.size() == 4; }));
}

TEST(CrunRunner, a_gate_kept_open_parks_nobody) {
  if (skipped) return;
  start({"attach", "exit", "0"});
  watched.run->keep_gate_open(true);
  CHECK(ended());
  CHECK(fixture->printed("attach: 22"));
  CHECK_EQUAL(0, watched.at_gate);
}

TEST(CrunRunner, other_links_and_other_struct_ops_pass) {
  if (skipped) return;
  start({"other", "attach", "exit", "0"});
  CHECK(ended());
  CHECK_EQUAL(0, watched.at_gate);
  watched.run.reset();
  watched = {};
  CHECK(fixture->until_idle());
  fixture->open([](const UniqueFd&) { return false; });
  start({"attach", "exit", "0"});
  CHECK(ended());
  CHECK_EQUAL(0, watched.exited->status.value_or(-1));
  CHECK_EQUAL(0, watched.at_gate);
}

TEST(CrunRunner, signals_do_not_make_one_wait_many) {
  if (skipped) return;
  start({"interrupted", "attach", "exit", "0"});
  CHECK(parked());
  bool later = false;
  Timer timer(fixture->loop);
  timer.set(200ms, [&] { later = true; });  // twenty signals
  CHECK(until([&] { return later; }));
  CHECK_EQUAL(1, watched.at_gate);
  CHECK(watched.run->waits_at_gate());
  CHECK(watched.run->open_gate().has_value());
  CHECK(ended());
  CHECK(fixture->printed("attach: 22"));
}

TEST(CrunRunner, stops_by_signal_and_kills_what_ignores_it) {
  if (skipped) return;
  start({"print", "up", "wait"});
  CHECK(fixture->until_line("up"));
  watched.run->stop(60s);
  CHECK(ended());
  CHECK_EQUAL(SIGTERM, watched.exited->signal);
  watched.run.reset();
  watched = {};
  fixture->lines.clear();
  start({"ignore-term", "print", "up", "wait"});
  CHECK(fixture->until_line("up"));
  watched.run->stop(50ms);
  CHECK(ended());
  CHECK_EQUAL(SIGKILL, watched.exited->signal);
  STRCMP_EQUAL("was killed by SIGKILL", watched.exited->describe().c_str());
}

TEST(CrunRunner, a_program_that_began_is_asked_to_end_though_the_runtime_has_not_returned) {
  if (skipped) return;
  fixture->make_start_linger();
  fixture->open();
  start({"print", "up", "wait"});
  CHECK(fixture->until_line("up"));
  watched.run->stop(60s);
  CHECK_FALSE(watched.ended());
  fixture->let_start_return();
  CHECK(ended());
  CHECK_EQUAL(SIGTERM, watched.exited->signal);
}

TEST(CrunRunner, processes_that_outlive_the_first_are_killed_and_zombies_reaped) {
  if (skipped) return;
  start({"fork", "fork", "fork-zombie", "print", "up", "exit", "0"});
  CHECK(ended());
  CHECK_EQUAL(0, watched.exited->status.value_or(-1));
}

TEST(CrunRunner, kill_takes_all_processes) {
  if (skipped) return;
  start({"fork", "print", "up", "wait"});
  CHECK(fixture->until_line("up"));
  CHECK(fixture->processes().size() == 2);
  watched.run->kill();
  CHECK(ended());
  CHECK_EQUAL(SIGKILL, watched.exited->signal);
}

TEST(CrunRunner, a_run_given_up_leaves_nothing_at_any_moment) {
  if (skipped) return;
  start({"attach", "wait"});
  watched.run.reset();  // while the container is being created
  CHECK(fixture->until_idle());
  STRCMP_EQUAL("", fixture->traces().c_str());
  start({"attach", "wait"});
  CHECK(parked());
  watched.run.reset();  // at the gate
  CHECK(fixture->until_idle());
  STRCMP_EQUAL("", fixture->traces().c_str());
  CHECK_FALSE(watched.ended());  // nobody is told after that
}

TEST(CrunRunner, killed_while_it_is_created_it_ends) {
  if (skipped) return;
  start({"attach", "wait"});
  watched.run->stop(60s);
  CHECK(ended());
  CHECK_EQUAL(0, watched.at_gate);
}

TEST(CrunRunner, what_cannot_start_is_told_with_the_reason) {
  if (skipped) return;
  auto request = fixture->request({});
  request.image.entrypoint = {"/missing"};
  watched.run = fixture->runner->start(request, watched.observer());
  CHECK(ended());
  CHECK(watched.failed.has_value());
  CHECK(watched.failed->text.find("/missing") != std::string::npos);
  watched.run.reset();
  watched = {};
  request.choice.scheduler->caps_add = {"CAP_NONSENSE"};
  watched.run = fixture->runner->start(request, watched.observer());
  CHECK_FALSE(watched.ended());  // never from inside the call
  CHECK(ended());
  CHECK(watched.failed->code == Errc::invalid);
}

TEST(CrunRunner, a_missing_runtime_is_told) {
  if (skipped) return;
  CrunRunnerOptions options;
  options.run_dir = fixture->run_dir();
  options.runtime_path = "/no/such/crun";
  fixture->runner.reset();
  auto made = CrunRunner::create(fixture->loop, fixture->clock, std::move(options));
  CHECK(made.has_value());
  fixture->runner = std::move(*made);
  start({"wait"});
  CHECK(ended());
  CHECK(watched.failed->text.find("/no/such/crun") != std::string::npos);
  watched.run.reset();
  CHECK(fixture->until_idle());
}

TEST(CrunRunner, abandoned_runs_outlive_the_runner_and_are_adopted) {
  if (skipped) return;
  start({"forever"});
  CHECK(fixture->until_line("line 1"));
  const auto pid = watched.run->pid();
  const auto id = watched.run->id();
  const auto request = watched.run->request();
  watched.run->abandon();
  CHECK(fixture->runner->idle());
  watched.run.reset();
  fixture->runner.reset();
  fixture->lines.clear();
  fixture->open();
  auto runs = fixture->runner->adopt([this](const std::string&) { return watched.observer(); });
  CHECK_EQUAL(1U, runs.size());
  watched.run = std::move(runs[0]);
  CHECK_EQUAL(pid, watched.run->pid());
  STRCMP_EQUAL(id.c_str(), watched.run->id().c_str());
  CHECK(watched.run->request().choice == request.choice);
  CHECK(watched.run->request().image == request.image);
  CHECK(watched.run->owns(pid));
  CHECK_FALSE(watched.run->waits_at_gate());
  CHECK(until([this] { return fixture->lines.size() > 5; }));
  watched.run->stop(60s);
  CHECK(ended());
}

TEST(CrunRunner, the_runner_kills_what_is_not_abandoned_and_the_next_clears_up) {
  if (skipped) return;
  start({"fork", "print", "up", "wait"});
  CHECK(fixture->until_line("up"));
  const auto process = open_process(watched.run->pid());
  watched.run.reset();
  fixture->runner.reset();
  fixture->open();
  const auto runs = fixture->runner->adopt([](const std::string&) { return RunObserver{}; });
  CHECK(runs.empty() || fixture->until_idle());  // it may be adopted while it dies
}

TEST(CrunRunner, leftovers_without_a_record_are_removed) {
  if (skipped) return;
  CHECK(make_directories(fixture->run_dir() + "/run/broken-1").has_value());
  CHECK(write_file_atomic(fixture->run_dir() + "/run/broken-1/record.json", "{").has_value());
  CHECK(make_directories(fixture->run_dir() + "/run/empty-2").has_value());
  CHECK(fixture->runner->adopt([](const std::string&) { return RunObserver{}; }).empty());
}

TEST(CrunRunner, a_scheduler_lives_through_the_daemons_kill_and_is_adopted) {
  if (skipped) return;
  run_and_kill_daemon({"attach", "forever"});
  fixture->open();
  auto runs = fixture->runner->adopt([this](const std::string&) { return watched.observer(); });
  CHECK_EQUAL(1U, runs.size());
  watched.run = std::move(runs[0]);
  CHECK_FALSE(watched.run->waits_at_gate());
  CHECK(fixture->until_line("attach: 38"));  // ENOSYS: nobody was left who could have opened
  CHECK(fixture->until_line("line 3"));
  watched.run->kill();
  CHECK(ended());
}

TEST(CrunRunner, with_its_listener_kept_it_waits_at_the_gate_through_the_daemons_kill) {
  if (skipped) return;
  fixture->open([](const UniqueFd&) { return true; }, run_and_kill_daemon({"attach", "forever"}));
  auto runs = fixture->runner->adopt([this](const std::string&) { return watched.observer(); });
  CHECK_EQUAL(1U, runs.size());
  watched.run = std::move(runs[0]);
  CHECK(watched.run->waits_at_gate());
  CHECK_EQUAL(0, watched.at_gate);
  CHECK(parked());
  CHECK_EQUAL(1U, fixture->runner->listeners().size());
  CHECK(watched.run->open_gate().has_value());
  CHECK(fixture->until_line("attach: 22"));
  CHECK(fixture->forgotten.empty());
  watched.run->kill();
  CHECK(ended());
  CHECK_EQUAL(1U, fixture->forgotten.size());
}

TEST(CrunRunner, parked_under_an_id_that_nobody_knows_it_is_killed) {
  if (skipped) return;
  auto kept = run_and_kill_daemon({"attach", "forever"});
  const auto directory = fixture->run_dir() + "/run/" + kept.begin()->first;
  auto record = read_record(directory);
  CHECK_EQUAL(1U, record->parked.size());
  record->parked.clear();
  CHECK(write_record(directory, *record).has_value());
  fixture->open([](const UniqueFd&) { return true; }, std::move(kept));
  auto runs = fixture->runner->adopt([this](const std::string&) { return watched.observer(); });
  CHECK_EQUAL(1U, runs.size());
  watched.run = std::move(runs[0]);
  CHECK_FALSE(watched.run->waits_at_gate());
  CHECK(ended());
  CHECK_EQUAL(SIGKILL, watched.exited->signal);
}

TEST(CrunRunner, a_kept_listener_without_a_run_is_forgotten) {
  if (skipped) return;
  std::map<std::string, UniqueFd> kept;
  kept.emplace("gone-1", UniqueFd(::dup(STDIN_FILENO)));
  fixture->open([](const UniqueFd&) { return true; }, std::move(kept));
  CHECK(fixture->runner->adopt([](const std::string&) { return RunObserver{}; }).empty());
  CHECK_EQUAL(1U, fixture->forgotten.size());
  STRCMP_EQUAL("gone-1", fixture->forgotten[0].c_str());
}
