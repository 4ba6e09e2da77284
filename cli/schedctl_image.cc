// schedctl-image: the verbs about images that need no daemon. It is run by schedctl; see cli/image_verbs/image_verb.h.
#include <CLI/CLI.hpp>
#include <csignal>

#include "cli/image_verbs/image_verb.h"
#include "core/base/text.h"

namespace {

int run(int argc, char** argv) {
  CLI::App app("Makes, shows and sends images of sched_ext schedulers.", std::string(schedkit::base_name(argv[0])));
  schedkit::ImageSession session;
  app.set_version_flag("--version", SCHEDKIT_VERSION);
  app.add_option("--root", session.root, "Take /etc/containers and /etc/schedkit below DIR")->type_name("DIR");
  app.add_option("--state-dir", session.state_dir, "In place of the settings' store path")->type_name("DIR");
  schedkit::add_pack(app, session);
  schedkit::add_push(app, session);
  schedkit::add_info(app, session);
  schedkit::add_versions(app, session);
  schedkit::add_inspect(app, session);
  schedkit::add_refresh(app, session);
  schedkit::add_local_pull(app, session);
  schedkit::add_local_images(app, session);
  app.require_subcommand(1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);  // prints help, the version or what is wrong
    return code == 0 ? schedkit::exit_done : schedkit::exit_usage;
  }
  return session.action();
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to connections that may be closed
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    schedkit::complain(error.what());
    return schedkit::exit_failed;
  }
}
