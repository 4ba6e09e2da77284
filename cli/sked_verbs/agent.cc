// sked agent: one node of a cluster.
#include <sys/utsname.h>

#include <csignal>
#include <memory>

#include "cli/sked_verbs/cluster_connection.h"
#include "cli/sked_verbs/sked_verb.h"
#include "core/base/log.h"
#include "core/bus/daemon_link.h"
#include "core/bus/names.h"
#include "core/loop/signals.h"
#include "k8s/agent.h"
#include "k8s/credentials.h"

namespace schedkit {
namespace {

struct AgentArguments {
  std::string node;
  std::string kubeconfig;
  std::string directory = "/etc/schedkit/cluster";
  std::string socket = bus::readers_socket_path("/run/schedkit");
  bool debug = false;
};

// Watches, a list beside them, a status and a few events.
constexpr long most_connections = 16;

Result<void> run_agent(const AgentArguments& arguments) {
  ::signal(SIGPIPE, SIG_IGN);
  if (arguments.debug) log::set_level(log::Level::debug);
  const auto credentials = find_credentials(arguments.kubeconfig);
  if (!credentials) return fail(credentials.error());
  utsname system{};
  ::uname(&system);

  ClusterConnection cluster(**credentials, most_connections);
  Agent agent(cluster.loop, cluster.api, cluster.clock, cluster.random(),
              {.node = arguments.node, .directory = arguments.directory, .kernel_release = system.release});
  DaemonLink daemon(cluster.loop, cluster.clock, arguments.socket,
                    [&agent](const Result<Status>& status) { agent.daemon_told(status); });
  const Signals signals(cluster.loop, {SIGTERM, SIGINT}, [&cluster](int) { cluster.loop.stop(); });
  log::notice("sked " SCHEDKIT_VERSION " for the node {}; files in {}", arguments.node, arguments.directory);
  daemon.open();
  agent.start();
  cluster.loop.run();
  log::notice("bye; files and scheduler stay as they are");
  return {};
}

}  // namespace

SkedVerb add_agent(CLI::App& app) {
  const auto arguments = std::make_shared<AgentArguments>();  // of the parser and of run()
  CLI::App* command = app.add_subcommand("agent", "Follow a cluster and keep this node's policy files as it says");
  command->add_option("--node", arguments->node, "This node's name in the cluster")->envname("NODE_NAME")->required();
  command->add_option("--kubeconfig", arguments->kubeconfig, "How to reach the cluster; without it as a pod does");
  command->add_option("-d,--directory", arguments->directory, "Where policy files go")->capture_default_str();
  command->add_option("--socket", arguments->socket, "schedkitd's socket")->capture_default_str();
  command->add_flag("--debug", arguments->debug, "Log more");
  command->footer("Examples:\n  sked agent --node n1\n  sked agent --node n1 --kubeconfig ~/.kube/config");
  return {command, [arguments] { return run_agent(*arguments); }};
}

}  // namespace schedkit
