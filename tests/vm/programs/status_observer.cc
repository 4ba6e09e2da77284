// Is status true? Ten times a second, until SIGTERM: sysfs, status, sysfs.
//
//   status_observer [PERCENT]
//
// A sample counts when both readings of sysfs are the same and a daemon answered. Then status must name that kernel
// state, and what it says of itself must fit it; for an attached scheduler of ours, the tag of its image is the name
// of its ops. When it does not fit, it may be a change that the daemon has not seen yet: it is late if it fits 100 ms
// later, with the same sysfs, and wrong if it does not fit within a second.
//
// Prints each late and wrong sample, and at the end how many there were. Exit status: 1 when one was wrong or fewer
// than PERCENT (50) of the samples counted.
#include <signal.h>

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/bus/client.h"
#include "core/bus/names.h"

using namespace schedkit;
using namespace std::chrono_literals;

namespace {

using Json = nlohmann::json;

struct Truth {
  std::string state, ops, enable_seq;
  bool operator==(const Truth&) const = default;
  std::string text() const { return state + " " + (ops.empty() ? "none" : ops) + " #" + enable_seq; }
};

std::string value(const char* name) {
  const auto text = read_file(std::string("/sys/kernel/sched_ext/") + name, 4096);
  return text ? std::string(trim(*text)) : "";
}

Truth read_truth() { return {value("state"), value("root/ops"), value("enable_seq")}; }

// What is wrong with it; empty when it fits.
std::string contradiction(const Json& status, const Truth& truth) {
  const Json& kernel = status.at("kernel");
  const Truth told{kernel.at("state"), kernel.at("ops"), std::to_string(kernel.at("enable_seq").get<std::uint64_t>())};
  if (told != truth) return "it says " + told.text();
  const std::string state = status.at("state");
  if (state == "handing-over") return {};
  if (truth.state == "enabled") {
    if (state != "running" && state != "probation" && state != "preparing") return "it says " + state;
    if (!status.contains("scheduler")) return "it says " + state + " without a scheduler";
    const std::string image = status.at("scheduler").at("image");
    return image.ends_with(":" + truth.ops) ? "" : "it says " + state + " " + image;
  }
  if (state == "running" || state == "probation" || state == "foreign") return "it says " + state;
  return {};
}

class Observer {
 public:
  explicit Observer(std::string socket) : socket_(std::move(socket)) {}

  void look() {
    ++samples_;
    Truth truth;
    auto wrong = sample(truth);
    if (!wrong) return void(++discarded_);
    if (wrong->empty()) return void(++counted_);
    const std::string first = *wrong;
    for (int i = 1; i <= 10; ++i) {
      pause(100ms);
      Truth again;
      wrong = sample(again);
      if (!wrong || again != truth) return void(++discarded_);  // it was a change
      if (!wrong->empty()) continue;
      ++counted_;
      if (i == 1) return;
      ++late_;
      return void(
          std::printf("late by %d ms: the kernel says %s, status: %s\n", i * 100, truth.text().c_str(), first.c_str()));
    }
    ++counted_;
    ++wrong_;
    std::printf("WRONG: the kernel says %s, status: %s\n", truth.text().c_str(), first.c_str());
  }

  int report(int percent) const {
    std::printf("%d samples, %d counted, %d discarded, %d late, %d wrong\n", samples_, counted_, discarded_, late_,
                wrong_);
    return wrong_ == 0 && 100 * counted_ >= percent * samples_ ? 0 : 1;
  }

  // False at SIGTERM.
  bool pause(std::chrono::milliseconds time) {
    const timespec wait{time.count() / 1000, time.count() % 1000 * 1000000};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    if (::sigtimedwait(&set, nullptr, &wait) == SIGTERM) ended_ = true;
    return !ended_;
  }

 private:
  // nullopt: it does not count.
  std::optional<std::string> sample(Truth& truth) {
    if (!client_ || !client_->connected()) {
      auto client = Client::connect(socket_);
      if (!client) return std::nullopt;
      client_.emplace(std::move(*client));
    }
    truth = read_truth();
    const auto text = client_->status();
    if (!text || read_truth() != truth) return std::nullopt;
    return contradiction(Json::parse(*text), truth);
  }

  const std::string socket_;
  std::optional<Client> client_;
  int samples_ = 0, counted_ = 0, discarded_ = 0, late_ = 0, wrong_ = 0;
  bool ended_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  const auto percent = argc == 2 ? parse_unsigned(argv[1]) : Result<std::uint64_t>(50);
  if (argc > 2 || !percent || *percent > 100) {
    std::fprintf(stderr, "usage: status_observer [PERCENT]\n");
    return 64;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  Observer observer(bus::socket_path("/run/schedkit"));
  do {
    observer.look();
  } while (observer.pause(100ms));
  return observer.report(static_cast<int>(*percent));
}
