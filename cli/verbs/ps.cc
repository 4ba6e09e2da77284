#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/verbs/verb.h"

namespace schedkit {

namespace {

std::vector<RunStatus> runs_of(const Status& status) {
  std::vector<RunStatus> runs;
  if (status.current) runs.push_back(*status.current);
  if (status.candidate) runs.push_back(*status.candidate);
  for (const auto& standby : status.standbys) {
    if (standby.pid <= 0) continue;  // not kept, or not started yet
    RunStatus run;
    run.name = standby.name;
    run.phase = standby.phase;
    run.digest = standby.digest;
    run.pid = standby.pid;
    runs.push_back(std::move(run));
  }
  return runs;
}

std::string text_of(const std::vector<RunStatus>& runs) {
  std::string text = fmt::format("{:<8} {:<28} {:<20} {}\n", "PID", "ID", "NAME", "PHASE");
  for (const auto& run : runs) {
    text += fmt::format("{:<8} {:<28} {:<20} {}\n", run.pid, run.id.empty() ? "-" : run.id, run.name, run.phase);
  }
  return text;
}

std::string json_of(const std::vector<RunStatus>& runs) {
  auto list = nlohmann::json::array();
  for (const auto& run : runs) {
    nlohmann::json entry{{"pid", run.pid}, {"name", run.name}, {"phase", run.phase}};
    if (!run.id.empty()) entry["id"] = run.id;
    if (!run.image.empty()) entry["image"] = run.image;
    if (!run.digest.empty()) entry["digest"] = run.digest;
    list.push_back(std::move(entry));
  }
  return list.dump(2, ' ', true) + "\n";
}

int show(Client& client, const std::string& output) {
  const auto status = fetch_status(client);
  if (!status) return failed(client, status.error());
  const auto runs = runs_of(*status);
  return print(output == "json" ? json_of(runs) : text_of(runs)) ? exit_done : exit_failed;
}

}  // namespace

void add_ps(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("ps", "List the schedulers of ours that run: attached, starting, or at the gate");
  auto output = std::make_shared<std::string>("text");  // CLI11 keeps a reference to it as long as the callback lives
  add_output(*verb, *output);
  verb->footer("Examples:\n  schedctl ps\n  schedctl ps -o json | jq .[0].pid");
  on_daemon(*verb, session, [output](Client& client) { return show(client, *output); });
}

}  // namespace schedkit
