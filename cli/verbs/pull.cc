#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <memory>

#include "cli/verbs/verb.h"
#include "core/base/text.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

volatile std::sig_atomic_t interrupted = 0;

constexpr std::size_t bar_width = 30;

// One line that is written over again and again, on terminals only.
class Bar {
 public:
  void show(const PullProgress& progress) {
    if (!terminal_ || progress == shown_) return;
    shown_ = progress;
    const std::size_t full = progress.total == 0 ? 0 : bar_width * progress.bytes / progress.total;
    fmt::print(stderr, "\r\033[K{:<10} [{}{}] {} of {}", to_string(progress.phase), std::string(full, '#'),
               std::string(bar_width - full, ' '), format_size(progress.bytes),
               progress.total == 0 ? "?" : format_size(progress.total));
  }
  void clear() {
    if (terminal_) fmt::print(stderr, "\r\033[K");
  }

 private:
  bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  PullProgress shown_{.phase = PullProgress::Phase::done};
};

struct Options {
  std::string reference;
  PullOptions pull;
};

int pull(Client& client, const Options& options) {
  std::signal(SIGINT, [](int) { interrupted = 1; });
  Bar bar;
  const auto pulled = client.pull(options.reference, options.pull, [&](const PullProgress& progress) {
    bar.show(progress);
    return interrupted == 0;
  });
  bar.clear();
  if (!pulled) return failed(client, pulled.error());
  return print(fmt::format("{} {}\n", bus::printable(pulled->reference), bus::printable(pulled->digest))) ? exit_done
                                                                                                          : exit_failed;
}

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0' && std::string_view(value) != "0" && std::string_view(value) != "false";
}

}  // namespace

void add_pull(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("pull", "Fetch an image from its registry into the store");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  options->pull.allow_unsigned = is_set("SCHEDCTL_ALLOW_UNSIGNED");
  verb->add_option("reference", options->reference, "REGISTRY/REPOSITORY[:TAG][@DIGEST]")
      ->required()
      ->type_name("REFERENCE");
  verb->add_flag("--allow-unsigned", options->pull.allow_unsigned,
                 "Take it although nobody vouches for it (or $SCHEDCTL_ALLOW_UNSIGNED=1)");
  verb->footer(
      "Asks the registry what the tag means now; layers that are here are not fetched again. Ctrl-C cancels and leaves "
      "nothing.\n\nExamples:\n  schedctl pull ghcr.io/schedkit/scx_lavd:1.0.19\n"
      "  schedctl pull --allow-unsigned registry.lan:5000/mine:test");
  verb->callback([&session, options] {
    session.action = [&session, options] {
      return with_daemon(session, [&](Client& client) { return pull(client, *options); });
    };
  });
}

}  // namespace schedkit
