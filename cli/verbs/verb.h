// What every verb of schedctl shares. A verb's file adds its subcommand; when it is chosen its callback sets
// Session::action, which main() runs after parsing.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/bus/client.h"
#include "core/policy/status.h"

namespace CLI {
class App;
}

namespace schedkit {

enum ExitCode {
  exit_done = 0,
  exit_failed = 1,
  exit_discrepancy = 2,
  exit_denied = 3,
  exit_unreachable = 4,
  exit_usage = 64
};

struct Session {
  std::string socket;  // of the daemon
  std::function<int()> action;
};

void add_status(CLI::App& app, Session& session);
void add_ps(CLI::App& app, Session& session);
void add_run(CLI::App& app, Session& session);
void add_stop(CLI::App& app, Session& session);
void add_auto(CLI::App& app, Session& session);
void add_hold(CLI::App& app, Session& session);
void add_exec(CLI::App& app, Session& session);
void add_loader(CLI::App& app, Session& session);
void add_check(CLI::App& app, Session& session);
void add_explain(CLI::App& app, Session& session);
void add_schema(CLI::App& app, Session& session);
void add_simulate(CLI::App& app, Session& session);
void add_doctor(CLI::App& app, Session& session);
void add_import(CLI::App& app, Session& session);
void add_reload(CLI::App& app, Session& session);
void add_history(CLI::App& app, Session& session);
void add_quarantine(CLI::App& app, Session& session);
void add_version(CLI::App& app, Session& session);
void add_watch(CLI::App& app, Session& session);
void add_top(CLI::App& app, Session& session);
void add_bench(CLI::App& app, Session& session);
void add_list(CLI::App& app, Session& session);
void add_pull(CLI::App& app, Session& session);
void add_verify(CLI::App& app, Session& session);
void add_images(CLI::App& app, Session& session);
void add_rm(CLI::App& app, Session& session);
void add_prune(CLI::App& app, Session& session);
void add_policy(CLI::App& app, Session& session);
void add_logs(CLI::App& app, Session& session);

// Prints "schedctl: TEXT" on standard error.
void complain(std::string_view text);

// Complains about a failed connection or a failed call, and chooses the exit code.
int unreachable(const Error& error);
int failed(const Client& client, const Error& error);

// To the socket or, where that is not permitted, over the system bus.
Result<Client> connect(const Session& session);

// Connects, calls `use` and complains when there is no daemon.
int with_daemon(const Session& session, const std::function<int(Client&)>& use);

// `-o, --output text|json` of a verb; `output` lives as long as the verb.
void add_output(CLI::App& verb, std::string& output);

// When the verb is chosen, it is `use` with a connection.
void on_daemon(CLI::App& verb, Session& session, std::function<int(Client&)> use);

// The same; but where no daemon runs, root gets `instead`, which works on the store itself.
void on_daemon_or_store(CLI::App& verb, Session& session, std::function<int(Client&)> use,
                        std::function<int()> instead);

Result<Status> fetch_status(Client& client);

// Prints what runs now and the last switch, after a command that changed it.
int report_outcome(Client& client);

// Prints on standard output. False when that failed, as on a closed pipe or a full disk.
bool print(std::string_view text);

// Whether standard output is a terminal that wants colour (https://no-color.org).
bool wants_colour();

}  // namespace schedkit
