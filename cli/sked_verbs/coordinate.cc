// sked coordinate: all nodes of a cluster together.
#include <unistd.h>

#include <csignal>
#include <memory>

#include "cli/sked_verbs/cluster_connection.h"
#include "cli/sked_verbs/sked_verb.h"
#include "core/base/log.h"
#include "core/loop/signals.h"
#include "k8s/coordinator.h"
#include "k8s/credentials.h"

namespace schedkit {
namespace {

struct CoordinateArguments {
  std::string kubeconfig;
  std::string identity;
  std::string name_space = "schedkit-system";
  bool debug = false;
};

constexpr long most_connections = 16;  // three watches, the lease, and writes

std::string own_identity() {
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  return fmt::format("{}_{}", host, ::getpid());
}

Result<void> coordinate(const CoordinateArguments& arguments) {
  ::signal(SIGPIPE, SIG_IGN);
  if (arguments.debug) log::set_level(log::Level::debug);
  const auto credentials = find_credentials(arguments.kubeconfig);
  if (!credentials) return fail(credentials.error());

  ClusterConnection cluster(**credentials, most_connections);
  const auto identity = arguments.identity.empty() ? own_identity() : arguments.identity;
  Coordinator coordinator(cluster.loop, cluster.api, cluster.clock, cluster.random(),
                          {.leader = {.name_space = arguments.name_space, .identity = identity}});
  const Signals signals(cluster.loop, {SIGTERM, SIGINT}, [&cluster](int) { cluster.loop.stop(); });
  log::notice("sked " SCHEDKIT_VERSION " coordinates as {}", identity);
  coordinator.start();
  cluster.loop.run();
  log::notice("bye; rollouts stay where they are");
  return {};
}

}  // namespace

SkedVerb add_coordinate(CLI::App& app) {
  const auto arguments = std::make_shared<CoordinateArguments>();  // of the parser and of run()
  CLI::App* command = app.add_subcommand("coordinate", "Write each SchedPolicy's status and lead staged rollouts");
  command->add_option("--kubeconfig", arguments->kubeconfig, "How to reach the cluster; without it as a pod does");
  command->add_option("--identity", arguments->identity, "Our name in the lease; HOST_PID without");
  command->add_option("--namespace", arguments->name_space, "Where the lease is")->capture_default_str();
  command->add_flag("--debug", arguments->debug, "Log more");
  command->footer("Examples:\n  sked coordinate --kubeconfig ~/.kube/config");
  return {command, [arguments] { return coordinate(*arguments); }};
}

}  // namespace schedkit
