// schedctl policy edit
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

#include "cli/verbs/policy.h"
#include "config/parse.h"
#include "config/schema.h"
#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

struct Options : PolicyOptions {
  std::string name;
  bool copy = false;
};

constexpr std::string_view empty_policy =
    "# A policy file: docs/policy.md, `schedctl policy add --help`\n"
    "#\n"
    "# [[rules]]\n"
    "# name = \"games\"\n"
    "# use = \"kernel\"\n"
    "# when.process = { comm = [\"cs2\", \"*.exe\"] }\n";

// Of the user's own; removed with what is in it.
class WorkDirectory {
 public:
  WorkDirectory() {
    const char* parent = std::getenv("TMPDIR");
    path_ = std::string(parent != nullptr && *parent != '\0' ? parent : "/tmp") + "/schedctl-XXXXXX";
    made_ = ::mkdtemp(path_.data()) != nullptr;
  }
  ~WorkDirectory() {
    if (made_ && !kept_) (void)remove_tree(path_);
  }
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;

  bool made() const { return made_; }
  void keep() { kept_ = true; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool made_ = false;
  bool kept_ = false;
};

std::string editor_command() {
  for (const char* variable : {"SCHEDKIT_EDITOR", "VISUAL", "EDITOR"}) {
    const char* value = std::getenv(variable);
    if (value != nullptr && *value != '\0') return value;
  }
  return "vi";
}

// Through a shell, as everybody does: the variable may hold arguments.
Result<void> run_editor(const std::string& file) {
  const auto command = editor_command();
  const auto script = command + " \"$@\"";
  const pid_t child = ::fork();
  if (child < 0) return fail_errno(errno, "cannot start the editor");
  if (child == 0) {
    ::execl("/bin/sh", "sh", "-c", script.c_str(), command.c_str(), file.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(Errc::failed, "the editor {} failed; nothing is written. $VISUAL chooses another", quote(command, 64));
}

bool edit_again() {
  if (::isatty(STDIN_FILENO) != 1) return false;
  fmt::print(stderr, "Edit again? [Y/n] ");
  std::string answer;
  return std::getline(std::cin, answer) && (answer.empty() || answer[0] == 'y' || answer[0] == 'Y');
}

// The file that is meant: of that name, or with the rule or scheduler of that name.
Result<FileChange> find_target(const PolicyFiles& files, const Options& options) {
  const auto directories = options.directories();
  const auto* file = files.find_file(options.name);
  if (file == nullptr && !options.name.ends_with(".toml")) {
    const auto item = files.find(options.name);
    if (!item) return fail(item.error());
    file = files.find_file(item->file);
  }
  if (file == nullptr) return FileChange{admin_path(options.name, directories), PolicyLayer::admin, {}, {}};
  if (!file->text) return fail(file->text.error());
  if (file->layer != PolicyLayer::admin && options.copy) {
    return FileChange{admin_path(file->name, directories), PolicyLayer::admin, {}, *file->text};
  }
  if (auto owned = check_owned(*file, directories); !owned) return fail(std::move(owned.error()));
  return FileChange{file->path, file->layer, *file->text, {}};
}

int edit(const Options& options) {
  const auto directories = options.directories();
  const PolicyFiles files(directories);
  auto target = find_target(files, options);
  if (!target) return complain_of(target.error());
  WorkDirectory work;
  if (!work.made()) {
    complain("cannot make a directory for the copy in " + work.path());
    return exit_failed;
  }
  const auto copy = work.path() + "/" + std::string(base_name(target->path));
  const bool settings = base_name(target->path) == settings_file_name;
  const auto start = target->before  ? *target->before
                     : target->after ? *target->after
                                     : std::string(settings ? std::string_view() : empty_policy);
  if (const auto written = write_file_atomic(copy, start, 0600); !written) return complain_of(written.error());
  for (;;) {
    if (const auto edited = run_editor(copy); !edited) return complain_of(edited.error());
    auto text = read_file(copy, largest_policy_file + 1);
    if (!text) return complain_of(text.error());
    if (*text == start && !options.copy) return print("nothing to change\n") ? exit_done : exit_failed;
    target->after = std::move(*text);
    const int code = commit(*target, files.found(), options, "written");
    if (code == exit_done) return code;
    if (!edit_again()) {
      work.keep();
      complain("your version is kept in " + copy);
      return code;
    }
  }
}

}  // namespace

void add_policy_edit(CLI::App& policy, Session& session) {
  auto* verb = policy.add_subcommand("edit", "Edit a file with $VISUAL or $EDITOR; it is checked before it counts");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("name", options->name, "FILE.toml, also one that is not there yet, or a rule in it")
      ->required()
      ->type_name("NAME|FILE");
  verb->add_flag("--copy", options->copy, "Of a file in a lower directory: edit a copy in /etc/schedkit that hides it");
  add_write_options(*verb, *options);
  verb->footer("Examples:\n  schedctl policy edit games\n  schedctl policy edit --copy k8s-batch.toml");
  verb->callback([&session, options] { session.action = [options] { return edit(*options); }; });
}

}  // namespace schedkit
