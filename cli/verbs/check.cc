#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/verbs/verb.h"
#include "config/check_files.h"
#include "config/process_cost.h"

namespace schedkit {

namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::vector<std::string> files;
  std::string root;
  std::string output = "text";
  bool verbose = false;
};

void add_messages(Json& list, const std::vector<Error>& errors, const char* severity, const std::string& path) {
  for (const auto& error : errors) {
    const auto& where = error.where;
    Json message{{"severity", severity}, {"file", where.file.empty() ? path : where.file}};
    if (where.line > 0) message.update({{"line", where.line}, {"column", where.column}});
    message["text"] = error.text;
    list.push_back(std::move(message));
  }
}

std::string as_json(const CheckReport& report, bool verbose) {
  Json json{{"schema_version", "1"}, {"ok", report.ok()}, {"errors", report.errors()}, {"warnings", report.warnings()}};
  json["files"] = Json::array();
  auto messages = Json::array();
  add_messages(messages, report.report.problems, "error", "");
  for (const auto& file : report.report.files) {
    json["files"].push_back({{"path", file.path}, {"state", to_string(file.state)}});
    add_messages(messages, file.errors, "error", file.path);
    add_messages(messages, file.warnings, "warning", file.path);
  }
  json["messages"] = std::move(messages);
  if (verbose) json["costs"] = process_costs(report.policy);
  return json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string as_text(const CheckReport& report, bool verbose) {
  std::string text = report.text();
  if (!text.empty() && text.back() != '\n') text += '\n';
  if (verbose) {
    for (const auto& line : process_costs(report.policy)) text += line + "\n";
  }
  return text + fmt::format("{} {}, {} {}, {} {}\n", report.report.files.size(),
                            report.report.files.size() == 1 ? "file" : "files", report.errors(),
                            report.errors() == 1 ? "error" : "errors", report.warnings(),
                            report.warnings() == 1 ? "warning" : "warnings");
}

int check(const Options& options) {
  const auto directories = Directories::under(options.root);
  const CheckReport report =
      options.files.empty() ? check_directories(directories) : check_files(options.files, directories);
  const bool json = options.output == "json";
  if (!print(json ? as_json(report, options.verbose) : as_text(report, options.verbose))) return exit_failed;
  return report.ok() ? exit_done : exit_failed;
}

}  // namespace

void add_check(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("check", "Check policy files without the daemon; exit code 1 on errors");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("files", options->files, "As if they were in /etc/schedkit; without any: all directories")
      ->type_name("FILE");
  verb->add_flag("-v,--verbose", options->verbose, "Also say what each process condition costs");
  add_output(*verb, options->output);
  verb->add_option("--root", options->root, "Take the policy directories below DIR")->type_name("DIR");
  verb->footer("Examples:\n  schedctl check\n  schedctl check gaming.toml");
  verb->callback([&session, options] { session.action = [options] { return check(*options); }; });
}

}  // namespace schedkit
