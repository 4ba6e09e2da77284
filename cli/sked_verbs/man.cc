// sked __man: sked(8), from its own options. The build writes the page with it.
#include "cli/man_text.h"
#include "cli/sked_verbs/sked_verb.h"

namespace schedkit {
namespace {

using namespace man;

std::string sked_page(const CLI::App& app) {
  auto text = title("sked", 8, "bring a Kubernetes cluster's CPU scheduler policies to its nodes");
  text += ".SH SYNOPSIS\n\\fBsked\\fR \\fIVERB\\fR ...\n.br\n\\fBkubectl sked\\fR \\fIVERB\\fR ...\n.SH DESCRIPTION\n" +
          roff(
              "SchedPolicy and SchedExt objects of a cluster become policy files, which schedkitd on each node obeys. "
              "What comes of them is told by NodeSched objects.\n");
  text += ".SH OPTIONS\n" + options_of(app) + ".SH VERBS\n";
  for (const auto* verb : app.get_subcommands(nullptr)) {
    if (!verb->get_group().empty()) text += verb_text(*verb, "sked");
  }
  return text + ".SH EXIT STATUS\n" + term("0", "", "done") + term("1", "", "failed; the reason is on standard error") +
         term("64", "", "wrong usage") + ".SH ENVIRONMENT\n" +
         term("NODE_NAME", "", "agent: the node, without --node") +
         term("KUBECONFIG", "", "status: the file of --kubeconfig") + ".SH FILES\n" +
         term("/etc/schedkit/cluster/k8s-*.toml", "", "what sked writes") +
         ".SH SEE ALSO\nschedkitd(8), schedctl(1), schedkit\\-policy(5)\n";
}

}  // namespace

SkedVerb add_sked_man(CLI::App& app) {
  CLI::App* command = app.add_subcommand("__man", "Print the man page")->group("");
  return {command, [&app]() -> Result<void> {
            fmt::print("{}", sked_page(app));
            return {};
          }};
}

}  // namespace schedkit
