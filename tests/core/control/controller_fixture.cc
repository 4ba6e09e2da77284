#include "tests/core/control/controller_fixture.h"

#include <algorithm>

#include "core/base/log.h"

namespace schedkit::test {

using namespace std::chrono_literals;

namespace {

bool contains(const std::vector<std::string>& texts, const std::string& text) {
  return std::ranges::find(texts, text) != texts.end();
}

Scheduler scheduler_of(const std::string& name) {
  Scheduler scheduler;
  scheduler.name = name;
  scheduler.image = "oci:/images:" + name;
  scheduler.args = {"--plain"};
  scheduler.modes["fast"] = {"--fast"};
  return scheduler;
}

}  // namespace

ControllerFixture::ControllerFixture() {
  log::set_sink([this](log::Level, std::string_view text) { logged.emplace_back(text); });
}

ControllerFixture::~ControllerFixture() {
  controller.reset();
  log::set_sink({});
}

Policy ControllerFixture::policy(const std::vector<std::string>& names) const {
  Policy policy;
  policy.settings.dwell = 0s;
  policy.settings.probation = 0s;
  policy.settings.strikes = 1;
  for (const auto& name : names) {
    policy.schedulers.push_back(scheduler_of(name));
    Rule rule;
    rule.file = "test.toml";
    rule.name = name;
    rule.use = *choose(policy.schedulers.back(), "");
    rule.linger = 0s;
    ProcessCondition condition;
    condition.comm.globs = {name};
    rule.when = {{condition}};
    policy.rules.push_back(rule);
  }
  return policy;
}

void ControllerFixture::make(Policy policy) {
  controller.reset();
  controller = std::make_unique<Controller>(Controller::Parts{clock,
                                                              machine,
                                                              machine,
                                                              machine,
                                                              processes,
                                                              {&trigger},
                                                              state,
                                                              pressure,
                                                              "7.2",
                                                              4,
                                                              directory / "override.json",
                                                              directory / "lasting.json"},
                                            [this] { ++changes; });
  controller->replace(std::move(policy));
}

void ControllerFixture::boot(Policy policy) {
  make(std::move(policy));
  (void)controller->start();
}

void ControllerFixture::progress() {
  for (bool more = true; more;) {
    more = false;
    while (!machine.image_requests.empty()) {
      if (contains(bad_images, machine.image_requests.front().first)) {
        machine.image_fails({Errc::integrity, "its digest does not fit", {}});
      } else {
        machine.image_ready();
      }
      more = true;
    }
    for (std::size_t i = 0; i < machine.runs.size(); ++i) {
      auto* run = machine.runs[i];
      if (run == nullptr) continue;
      if (run->stopped || run->killed) {
        run->exit(0);
        more = true;
      } else if (contains(bad_runs, run->request().choice.name())) {
        run->exit(1);
        more = true;
      } else if (gates_reached_.insert(run->id()).second) {
        run->reach_gate();
        more = true;
      }
    }
  }
}

bool ControllerFixture::settle() {
  for (int i = 0; i < 1000; ++i) {
    progress();
    const auto next = controller->deadline();
    if (!next) return true;
    if (*next > clock.now()) clock.advance(*next - clock.now());
    controller->tick();
  }
  return false;
}

Controls::Done ControllerFixture::note() {
  answer.reset();
  return [this](Result<void> result) { answer = std::move(result); };
}

void ControllerFixture::run(const std::string& scheduler, const std::string& mode) {
  controller->run({.scheduler = scheduler, .mode = mode, .by = "anna"}, note());
}

}  // namespace schedkit::test
