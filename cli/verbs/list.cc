#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/verbs/catalog.h"
#include "cli/verbs/verb.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

int list(const std::string& output) {
  const auto catalog = load_catalog();
  if (!catalog) {
    complain(catalog.error().describe());
    return exit_failed;
  }
  std::string text;
  if (output == "json") {
    auto json = nlohmann::json::object();
    for (const auto& [name, image] : *catalog) json[name] = {{"imageURI", image}};
    text = json.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
  } else {
    for (const auto& [name, image] : *catalog) text += bus::printable(name) + "\n";
  }
  return print(text) ? exit_done : exit_failed;
}

}  // namespace

void add_list(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("list", "List the schedulers of the catalogue, one name per line");
  auto output = std::make_shared<std::string>("text");  // CLI11 keeps a reference to it as long as the callback lives
  verb->add_option("-o,--output", *output, "text or json, with the images")->check(CLI::IsMember({"text", "json"}));
  verb->footer(
      "/etc/schedkit/catalog.json takes the place of /usr/share/schedkit/catalog.json.\n\nExamples:\n"
      "  schedctl list\n  schedctl list -o json");
  verb->callback([&session, output] { session.action = [output] { return list(*output); }; });
}

}  // namespace schedkit
