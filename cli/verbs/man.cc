// Man pages from the tables that the programs themselves use: verbs and options of CLI11, keys of config/schema.h. The
// build writes them with `schedctl __man PAGE`.
#include "cli/verbs/man.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/daemon_options.h"
#include "cli/man_text.h"
#include "config/schema.h"
#include "core/base/text.h"

namespace schedkit {

using namespace man;

namespace {

std::string schedctl_page(const CLI::App& app) {
  auto text = title("schedctl", 1, "show and choose sched_ext CPU schedulers through schedkitd");
  text += ".SH SYNOPSIS\n\\fBschedctl\\fR [\\fIOPTIONS\\fR] \\fIVERB\\fR ...\n.SH OPTIONS\n" + options_of(app);
  text += ".SH VERBS\n";
  for (const auto* verb : app.get_subcommands(nullptr)) {
    if (!verb->get_group().empty()) text += verb_text(*verb, "schedctl");
  }
  return text + ".SH EXIT STATUS\n" + term("0", "", "done") +
         term("1", "", "failed; the reason is on standard error. doctor: a blocking check failed") +
         term("2", "", "status: what is attached is not what is managed or wanted") + term("3", "", "not permitted") +
         term("4", "", "the daemon is unreachable") + term("64", "", "wrong usage") + ".SH ENVIRONMENT\n" +
         term("SCHEDKIT_RUN_DIR", "", "where the daemon's socket is, in place of /run/schedkit") +
         term("VISUAL, EDITOR", "", "the editor of policy edit") + term("NO_COLOR", "", "no colour on terminals") +
         ".SH SEE ALSO\nschedkitd(8), schedkit\\-policy(5), schedkit.toml(5)\n";
}

std::string schedkitd_page() {
  CLI::App app;
  DaemonOptions options;
  std::string log_level = "info";
  add_daemon_options(app, options, log_level);
  auto text = title("schedkitd", 8, "switch sched_ext CPU schedulers as policies say");
  text +=
      ".SH SYNOPSIS\n\\fBschedkitd\\fR [\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n"
      "Reads the policy files, watches what they depend on, and runs the scheduler that the winning rule uses. "
      "It is started by systemd and controlled with schedctl(1). Ending it leaves the scheduler running.\n"
      ".SH OPTIONS\n" +
      options_of(app);
  return text + ".SH FILES\n" + term("/etc/schedkit/*.toml", "", "policies, schedkit-policy(5)") +
         term("/etc/schedkit/schedkit.toml", "", "settings, schedkit.toml(5)") +
         term("/run/schedkit/schedkitd.sock", "", "the socket of schedctl") +
         term("/var/lib/schedkit", "", "images and state") +
         ".SH SEE ALSO\nschedctl(1), schedkit\\-policy(5), schedkit.toml(5)\n";
}

std::string type_text(const Key& key) {
  std::string text(describe(key.type));
  if (!key.words.empty()) {
    std::vector<std::string> words;
    for (const auto word : key.words) words.push_back(fmt::format("\"{}\"", word));
    text = fmt::format("{}: {}", text, join(words, ", "));
  }
  if (key.type == KeyType::integer && key.most > key.least) text += fmt::format(", {} to {}", key.least, key.most);
  if (key.required) text += "; required";
  if (!key.fallback.empty()) text += fmt::format("; default {}", key.fallback);
  if (!key.from_cluster) text += "; not in files of the cluster";
  if (key.status == KeyStatus::inert) text += "; has no effect in this version yet";
  return text;
}

// The keys of a table, and behind them those of the tables in it.
void add_tables(std::string& text, const TableSchema& schema, const std::string& heading) {
  text += fmt::format(".SS {}\n", roff(heading));
  for (const auto& key : schema.keys) {
    const auto help = key.help.empty() ? std::string() : std::string(key.help) + ". ";
    text += term(std::string(key.name), "", help + "Value: " + type_text(key) + ".");
  }
  for (const auto& key : schema.keys) {
    if (key.table == nullptr) continue;
    if (key.name == "unless" && key.table == &condition_schema) continue;  // as `when`
    add_tables(text, *key.table,
               heading == "Top level" ? std::string(key.name) : fmt::format("{}.{}", heading, key.name));
  }
}

std::string settings_page() {
  auto text = title("schedkit.toml", 5, "settings of schedkitd");
  text +=
      ".SH DESCRIPTION\n/etc/schedkit/schedkit.toml is TOML; it and each of its keys are optional. "
      "schedctl policy set schedkit.toml KEY=VALUE changes it.\n.SH KEYS\n";
  add_tables(text, settings_schema, "Top level");
  return text + ".SH SEE ALSO\nschedkitd(8), schedkit\\-policy(5), schedctl(1)\n";
}

std::string policy_page() {
  auto text = title("schedkit-policy", 5, "which scheduler runs when");
  text +=
      ".SH DESCRIPTION\nEvery NAME.toml in /etc/schedkit, /etc/schedkit/cluster, /run/schedkit/policies and "
      "/usr/lib/schedkit is a policy file; one in an earlier directory hides those of its name in later ones. "
      "Changes take effect by themselves. Among rules that hold the one of the highest priority wins.\n"
      ".SH EXAMPLE\n.nf\n" +
      roff(
          "[schedulers.lavd]\nimage = \"ghcr.io/schedkit/scx_lavd:1.0.19\"\n\n[[rules]]\nname = \"games\"\n"
          "use = \"lavd\"\nwhen.process = { comm = [\"cs2\", \"*.exe\"] }\n") +
      ".fi\n.SH KEYS\n";
  add_tables(text, policy_schema, "Top level");
  return text + ".SH SEE ALSO\nschedctl(1), schedkitd(8), schedkit.toml(5)\n";
}

}  // namespace

void add_man(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("__man", "Print a man page")->group("");
  auto page = std::make_shared<std::string>();  // CLI11 keeps a reference to it as long as the callback lives
  verb->add_option("page", *page)
      ->required()
      ->check(CLI::IsMember({"schedctl.1", "schedkitd.8", "schedkit.toml.5", "schedkit-policy.5"}));
  verb->callback([&app, &session, page] {
    session.action = [&app, page] {
      return print(*page == "schedctl.1"        ? schedctl_page(app)
                   : *page == "schedkitd.8"     ? schedkitd_page()
                   : *page == "schedkit.toml.5" ? settings_page()
                                                : policy_page())
                 ? exit_done
                 : exit_failed;
    };
  });
}

}  // namespace schedkit
