#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>

#include "cli/verbs/hold_keeper.h"
#include "cli/verbs/verb.h"
#include "core/base/text.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

// As env(1), nohup(1) and shells have them.
constexpr int exit_not_begun = 125;
constexpr int exit_cannot_execute = 126;
constexpr int exit_not_found = 127;

struct Options {
  std::string scheduler;
  std::string mode;
  std::vector<std::string> args;
  std::string reason;
  std::vector<std::string> command;
  bool anyway = false;
};

// We become the command, so that its signals, terminal, parent and exit code are its own.
int become(const std::vector<std::string>& command) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  std::signal(SIGPIPE, SIG_DFL);  // main() ignores it
  ::execvp(words[0], words.data());
  const int error = errno;
  complain(fmt::format("cannot run {}: {}", quote(command[0], 200), std::strerror(error)));
  return error == ENOENT ? exit_not_found : exit_cannot_execute;
}

int exec(const Session& session, const Options& options) {
  Client::HoldOptions hold{.mode = options.mode, .args = {}, .reason = options.reason};
  if (!options.args.empty()) hold.args = options.args;
  if (hold.reason.empty()) {
    const auto name = bus::printable(base_name(options.command[0]), 64);
    hold.reason = fmt::format("schedctl exec {} (pid {})", name, ::getpid());
  }
  if (!keep_hold(session, options.scheduler, hold, options.anyway) && !options.anyway) {
    complain("the command was not run; with --anyway it is");
    return exit_not_begun;
  }
  return become(options.command);
}

}  // namespace

void add_exec(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("exec", "Run a command under a scheduler, held above the rules until it ends");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("scheduler", options->scheduler, "A policy's scheduler, or \"kernel\"")
      ->required()
      ->type_name("NAME");
  verb->add_option("-m,--mode", options->mode, "One of the scheduler's modes")->type_name("MODE");
  verb->add_option("--arg", options->args, "Replaces the policy's arguments, may be repeated; write --arg=--option")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("ARG");
  verb->add_option("--reason", options->reason, "What for, as status shows it")->type_name("TEXT");
  verb->add_flag("--anyway", options->anyway, "Run the command also when the scheduler cannot be held");
  verb->add_option("command", options->command, "After `--`: the command and its arguments")
      ->required()
      ->type_name("-- COMMAND");
  verb->footer(
      "Waits until the kernel has confirmed, then becomes the command; the hold ends with it, however it ends. As "
      "`schedctl hold`, it stands above the rules and below `schedctl run`; of several the newest counts. Own "
      "arguments need the right to `schedctl run`.\n\nExit code: the command's own; 125 it was not run, 126 it cannot "
      "be, 127 it was not found.\n\n"
      "Examples:\n  schedctl exec lavd --mode gaming -- ./game -fullscreen\n  schedctl exec kernel -- make -j8");
  verb->callback([&session, options] { session.action = [&session, options] { return exec(session, *options); }; });
}

}  // namespace schedkit
