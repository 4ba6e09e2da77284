#include "cli/verbs/image_program.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstring>

namespace schedkit {

namespace {

// Beside us in a build tree, else where it is installed.
std::string program_path() {
  std::array<char, 4096> own{};
  const ssize_t size = ::readlink("/proc/self/exe", own.data(), own.size());
  std::string path(own.data(), static_cast<std::size_t>(size > 0 ? size : 0));
  path = path.substr(0, path.rfind('/') + 1) + "schedctl-image";
  return ::access(path.c_str(), X_OK) == 0 ? path : SCHEDKIT_LIBEXEC "/schedctl-image";
}

void add_verb(CLI::App& app, Session& session, const char* name, const char* description) {
  auto* verb = app.add_subcommand(name, description);
  verb->prefix_command();
  verb->set_help_flag();
  verb->callback([&session, verb, name] {
    std::vector<std::string> arguments = {name};
    for (const std::string& argument : verb->remaining()) arguments.push_back(argument);
    session.action = [arguments] { return run_image_program(arguments); };
  });
}

}  // namespace

int run_image_program(const std::vector<std::string>& arguments) {
  const std::string path = program_path();
  std::string name = "schedctl";  // as its help shows it
  std::vector<char*> pointers = {name.data()};
  for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  ::execv(path.c_str(), pointers.data());
  complain("cannot run " + path + ": " + std::strerror(errno));
  return exit_failed;
}

void add_image_verbs(CLI::App& app, Session& session) {
  add_verb(app, session, "versions", "List the versions of a scheduler that its registry has");
  add_verb(app, session, "info", "Show what an image in a registry is, before it is pulled");
  add_verb(app, session, "pack", "Make an image of one static program, in a layout on this machine");
  add_verb(app, session, "push", "Send an image from a layout on this machine to a registry");
}

}  // namespace schedkit
