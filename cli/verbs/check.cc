#include <CLI/CLI.hpp>
#include <memory>

#include "cli/verbs/verb.h"
#include "config/check_files.h"
#include "config/process_cost.h"

namespace schedkit {

namespace {

struct Options {
  std::vector<std::string> files;
  std::string root;
  bool verbose = false;
};

int check(const Options& options) {
  const Directories directories = options.root.empty() ? Directories{} : Directories::under(options.root);
  const CheckReport report =
      options.files.empty() ? check_directories(directories) : check_files(options.files, directories);
  std::string text = report.text();
  if (!text.empty() && text.back() != '\n') text += '\n';
  if (options.verbose) {
    for (const auto& line : process_costs(report.policy)) text += line + "\n";
  }
  text += fmt::format("{} {}, {} {}, {} {}\n", report.report.files.size(),
                      report.report.files.size() == 1 ? "file" : "files", report.errors(),
                      report.errors() == 1 ? "error" : "errors", report.warnings(),
                      report.warnings() == 1 ? "warning" : "warnings");
  if (!print(text)) return exit_failed;
  return report.ok() ? exit_done : exit_failed;
}

}  // namespace

void add_check(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("check", "Check policy files without the daemon; exit code 1 on errors");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("files", options->files, "As if they were in /etc/schedkit; without any: all directories")
      ->type_name("FILE");
  verb->add_flag("-v,--verbose", options->verbose, "Also say what each process condition costs");
  verb->add_option("--root", options->root, "Take the policy directories below DIR")->type_name("DIR");
  verb->footer("Examples:\n  schedctl check\n  schedctl check gaming.toml");
  verb->callback([&session, options] { session.action = [options] { return check(*options); }; });
}

}  // namespace schedkit
