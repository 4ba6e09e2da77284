#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/verbs/catalog.h"
#include "cli/verbs/pull_options.h"
#include "cli/verbs/verb.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

using Json = nlohmann::json;

struct Options {
  std::string image;
  std::string output = "text";
  PullFlags flags;
};

// "  name: value" for a member that is there and not empty.
std::string line(const Json& report, const char* name, const char* member) {
  const std::string value = report.value(member, "");
  return value.empty() ? "" : fmt::format("  {}: {}\n", name, bus::printable(value));
}

// core/image/trust_report.h has the members.
std::string as_text(const Json& report, bool trusted) {
  std::string text =
      fmt::format("{}: {}\n", trusted ? "trusted" : "not trusted", bus::printable(report.value("reference", "")));
  text += line(report, "digest", "digest");
  text += line(report, "reason", "reason");
  for (const auto& proof : report.value("proofs", Json::array())) text += line(proof, "because", "text");
  if (trusted) {
    const std::string scope = report.value("scope", "");
    text += fmt::format("  scope: {}\n", scope.empty() ? "default" : bus::printable(scope));
  }
  text += line(report, "policy", "policy");
  text += line(report, "version", "version");
  text += line(report, "created", "created");
  text += line(report, "signed", "signed_at");
  return text + line(report, "judged from", "from");
}

int verify(Client& client, const Options& options) {
  const std::string reference = from_catalog(options.image).value_or(options.image);
  const auto verdict = client.verify_trust(reference, options.flags.options());
  if (!verdict) {
    const int code = failed(client, verdict.error());
    return code == exit_denied ? exit_failed : code;  // "denied" is a verdict's alone
  }
  const auto report = Json::parse(verdict->report, nullptr, false);
  if (!report.is_object()) {
    complain("the daemon's report cannot be read; is it of another version?");
    return exit_failed;
  }
  if (!print(options.output == "json" ? verdict->report : as_text(report, verdict->trusted))) return exit_failed;
  return verdict->trusted ? exit_done : exit_denied;
}

}  // namespace

void add_verify(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("verify", "Say whether an image is trusted, and why");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("image", options->image, "A reference, or a name of the catalogue")->required()->type_name("IMAGE");
  add_output(*verb, options->output);
  options->flags.add_to(*verb, true);
  verb->footer(
      "What the store has is judged as before a start, without network; anything else, and with --trust-policy, by "
      "what "
      "its registry has, and nothing is fetched.\n\nExit code: 0 trusted, 3 not trusted, 1 it could not be found "
      "out.\n\n"
      "Examples:\n  schedctl verify ghcr.io/schedkit/scx_lavd:1.0.19\n"
      "  schedctl verify -o json oci:/srv/schedulers:lavd");
  on_daemon(*verb, session, [options](Client& client) { return verify(client, *options); });
}

}  // namespace schedkit
