// schedctl: the command line of schedkitd. docs/schedctl.md
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "cli/verbs/completion.h"
#include "cli/verbs/image_program.h"
#include "cli/verbs/man.h"
#include "cli/verbs/policy.h"
#include "cli/verbs/usage.h"
#include "cli/verbs/verb.h"
#include "core/bus/names.h"

namespace {

std::string default_socket() {
  const char* directory = std::getenv("SCHEDKIT_RUN_DIR");
  return schedkit::bus::socket_path(directory != nullptr && *directory != '\0' ? directory : "/run/schedkit");
}

void add_verbs(CLI::App& app, schedkit::Session& session) {
  schedkit::add_status(app, session);
  schedkit::add_ps(app, session);
  schedkit::add_run(app, session);
  schedkit::add_stop(app, session);
  schedkit::add_auto(app, session);
  schedkit::add_hold(app, session);
  schedkit::add_exec(app, session);
  schedkit::add_explain(app, session);
  schedkit::add_policy(app, session);
  schedkit::add_pin(app, session);
  schedkit::add_check(app, session);
  schedkit::add_simulate(app, session);
  schedkit::add_watch(app, session);
  schedkit::add_top(app, session);
  schedkit::add_bench(app, session);
  schedkit::add_schema(app, session);
  schedkit::add_doctor(app, session);
  schedkit::add_import(app, session);
  schedkit::add_reload(app, session);
  schedkit::add_history(app, session);
  schedkit::add_logs(app, session);
  schedkit::add_quarantine(app, session);
  schedkit::add_list(app, session);
  schedkit::add_pull(app, session);
  schedkit::add_verify(app, session);
  schedkit::add_images(app, session);
  schedkit::add_rm(app, session);
  schedkit::add_prune(app, session);
  schedkit::add_image_verbs(app, session);
  schedkit::add_loader(app, session);
  schedkit::add_completion(app, session);
  schedkit::add_version(app, session);
  schedkit::add_man(app, session);
  app.require_subcommand(1);
}

int run(int argc, char** argv) {
  CLI::App app("Shows and chooses sched_ext CPU schedulers through schedkitd", "schedctl");
  schedkit::Session session{.socket = default_socket(), .action = {}};
  std::string driver;
  app.set_version_flag("--version", "schedctl " SCHEDKIT_VERSION);
  app.add_option("--socket", session.socket, "The daemon's socket (default: $SCHEDKIT_RUN_DIR/schedkitd.sock)")
      ->type_name("PATH");
  app.add_option("-d,--driver", driver, "Accepted for upstream's schedctl; changes nothing")->type_name("NAME");
  app.footer(
      "Exit codes: 0 done, 1 failed, 2 discrepancy, 3 not permitted, 4 daemon unreachable, 64 usage.\n"
      "`schedctl VERB --help` shows a verb's options and examples.");
  add_verbs(app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // prints help or the version
    std::fputs(schedkit::usage_hint(app, error).c_str(), stderr);
    return schedkit::exit_usage;
  }
  if (!driver.empty()) schedkit::complain("schedkit runs images itself; --driver changes nothing");
  return session.action();
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of print()
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    schedkit::complain(error.what());
    return schedkit::exit_failed;
  }
}
