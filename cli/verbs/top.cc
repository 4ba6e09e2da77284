#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/verbs/kernel_truth.h"
#include "cli/verbs/terminal_screen.h"
#include "cli/verbs/top_text.h"
#include "cli/verbs/verb.h"
#include "core/bus/history_json.h"
#include "core/bus/status_json.h"

namespace schedkit {

namespace {

constexpr std::uint32_t switches_shown = 8;
constexpr double longest_pause = 3600;

struct Options {
  std::string output = "text";
  double seconds = 1;
  std::uint64_t count = 0;  // 0: without end
};

// Asks the daemon again and again; while there is none, the kernel alone.
class Samples {
 public:
  explicit Samples(const Session& session) : session_(session) {}

  TopSample take() {
    TopSample sample{.at = SystemClock().now(), .wall = SystemClock().wall_now()};
    if (auto asked = ask(sample); !asked) {
      sample.trouble = asked.error().text;
      sample.status = kernel_only_status(read_kernel_status(sched_ext_directory()));
    }
    sample.kernel_events = read_event_counters(sched_ext_directory());
    return sample;
  }

 private:
  Result<void> ask(TopSample& sample) {
    if (!client_ || !client_->connected()) {
      auto made = connect(session_);
      if (!made) return fail(with_context(std::move(made.error()), "the daemon is unreachable"));
      client_.emplace(std::move(*made));
    }
    auto status = fetch_status(*client_);
    if (!status) return fail(std::move(status.error()));
    const auto json = client_->history(switches_shown);
    if (!json) return fail(json.error());
    auto history = parse_history(*json);
    if (!history) return fail(std::move(history.error()));
    sample.status = std::move(*status);
    sample.history = std::move(*history);
    return {};
  }

  const Session& session_;
  std::optional<Client> client_;
};

std::string json_line(const TopSample& sample) {
  nlohmann::json line = {{"status", nlohmann::json::parse(status_json(sample.status, sample.at), nullptr, false)},
                         {"kernel_events", sample.kernel_events}};
  if (!sample.trouble.empty()) line["trouble"] = sample.trouble;
  return line.dump() + "\n";
}

std::string screen_of(const TopSample& now, const TopSample& before) {
  const auto size = TerminalScreen::size();
  return fit(top_screen(now, before, wants_colour()), size.rows - 1, size.columns);
}

int top(const Session& session, const Options& options) {
  Samples samples(session);
  std::optional<TerminalScreen> screen;
  if (options.output == "text" && ::isatty(STDOUT_FILENO) == 1) screen.emplace();
  const auto pause = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(options.seconds));
  TopSample before;
  for (std::uint64_t shown = 0;;) {
    auto now = samples.take();
    if (shown == 0) before = now;
    const bool told = screen                     ? TerminalScreen::draw(screen_of(now, before))
                      : options.output == "json" ? print(json_line(now))
                                                 : print(top_line(now, before));
    before = std::move(now);
    if (!told) return exit_failed;
    if (++shown == options.count) return before.trouble.empty() ? exit_done : exit_unreachable;
    if (!screen) {
      ::poll(nullptr, 0, static_cast<int>(options.seconds * 1000));
    } else if (!screen->wait(pause)) {
      return exit_done;
    }
  }
}

}  // namespace

void add_top(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("top", "Watch the scheduler, what is counted, and the last switches");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  add_output(*verb, options->output);
  verb->add_option("-d,--delay", options->seconds, "Seconds between two looks (1)")
      ->check(CLI::Range(0.1, longest_pause))
      ->type_name("SECONDS");
  verb->add_option("-n,--iterations", options->count, "End after so many looks")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 32))
      ->type_name("N");
  verb->footer(
      "On a terminal a picture that is drawn anew, until q is typed; elsewhere a line for each look, with what was "
      "counted\n"
      "since the one before. Kernel events are those of /sys/kernel/sched_ext/root/events (Linux 6.15).\n\n"
      "Examples:\n  schedctl top\n  schedctl top -d 5 -n 12 > minute.txt");
  verb->callback([&session, options] { session.action = [&session, options] { return top(session, *options); }; });
}

}  // namespace schedkit
