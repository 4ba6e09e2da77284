// sked status: how far the policies of a cluster are in force. Also as `kubectl sked status`.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <optional>

#include "cli/sked_verbs/cluster_connection.h"
#include "cli/sked_verbs/sked_verb.h"
#include "k8s/cluster_report.h"
#include "k8s/credentials.h"
#include "k8s/full_list.h"

namespace schedkit {
namespace {

struct StatusArguments {
  std::string kubeconfig;
  std::string name;
  std::string output = "text";
};

using Objects = std::vector<nlohmann::json>;

// kubectl's file when there is one.
std::string usual_kubeconfig() {
  const char* home = std::getenv("HOME");
  const auto file = std::string(home != nullptr ? home : "") + "/.kube/config";
  return home != nullptr && ::access(file.c_str(), F_OK) == 0 ? file : "";
}

Result<Objects> read_all(ClusterConnection& cluster, ApiResource resource) {
  std::optional<Result<Objects>> answer;
  const FullList list(cluster.api, std::move(resource), [&](ApiResult<Objects> objects) {
    answer = objects ? Result<Objects>(std::move(*objects)) : fail(std::move(objects.error().error));
    cluster.loop.stop();
  });
  cluster.loop.run();
  return answer ? std::move(*answer) : fail(Errc::io, "the API server did not answer");
}

Result<std::string> tell(const StatusArguments& arguments, const Objects& policies, const Objects& node_scheds) {
  const bool json = arguments.output == "json";
  if (arguments.name.empty()) {
    const auto rows = policy_rows(policies, node_scheds);
    return json ? to_json(rows).dump(2) + "\n" : policy_table(rows);
  }
  const auto rows = node_rows(arguments.name, policies, node_scheds);
  if (!rows) return fail(rows.error());
  return json ? to_json(*rows).dump(2) + "\n" : node_table(*rows);
}

Result<void> show_status(const StatusArguments& arguments) {
  ::signal(SIGPIPE, SIG_IGN);
  const auto credentials = find_credentials(arguments.kubeconfig.empty() ? usual_kubeconfig() : arguments.kubeconfig);
  if (!credentials) return fail(credentials.error());
  ClusterConnection cluster(**credentials);
  const auto policies = read_all(cluster, resources::sched_policies());
  if (!policies) return fail(policies.error());
  const auto node_scheds = read_all(cluster, resources::node_scheds());
  if (!node_scheds) return fail(node_scheds.error());
  const auto text = tell(arguments, *policies, *node_scheds);
  if (!text) return fail(text.error());
  const bool written = std::fputs(text->c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return written ? Result<void>() : fail(Errc::io, "standard output cannot be written");
}

}  // namespace

SkedVerb add_status(CLI::App& app) {
  const auto arguments = std::make_shared<StatusArguments>();  // of the parser and of run()
  CLI::App* command = app.add_subcommand("status", "Show how far each policy of the cluster is in force");
  command->add_option("name", arguments->name, "A policy: show its nodes and what their kernels run");
  command
      ->add_option("--kubeconfig", arguments->kubeconfig,
                   "How to reach the cluster; without it as ~/.kube/config says or, if there is none, as a pod does")
      ->envname("KUBECONFIG");
  command->add_option("-o,--output", arguments->output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->footer("Examples:\n  sked status\n  kubectl sked status build -o json");
  return {command, [arguments] { return show_status(*arguments); }};
}

}  // namespace schedkit
