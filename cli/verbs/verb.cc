#include "cli/verbs/verb.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "core/base/clock.h"
#include "core/bus/names.h"
#include "core/bus/status_json.h"
#include "core/bus/status_text.h"

namespace schedkit {

void complain(std::string_view text) { fmt::print(stderr, "schedctl: {}\n", bus::printable(text)); }

int unreachable(const Error& error) {
  if (error.code == Errc::denied) {
    complain(error.describe() + "; only root may use the socket, and no daemon is on the system bus");
    return exit_denied;
  }
  complain("the daemon is unreachable: " + error.describe() + "; is schedkitd running?");
  return exit_unreachable;
}

int failed(const Client& client, const Error& error) {
  complain(error.describe());
  if (!client.connected()) return exit_unreachable;
  return error.code == Errc::denied ? exit_denied : exit_failed;
}

Result<Client> connect(const Session& session) {
  auto client = Client::connect(session.socket);
  if (client || client.error().code != Errc::denied) return client;
  if (auto bus = Client::connect_system_bus()) return bus;
  return client;
}

int with_daemon(const Session& session, const std::function<int(Client&)>& use) {
  auto client = connect(session);
  if (!client) return unreachable(client.error());
  return use(*client);
}

void add_output(CLI::App& verb, std::string& output) {
  verb.add_option("-o,--output", output, "text or json")->check(CLI::IsMember({"text", "json"}));
}

void on_daemon(CLI::App& verb, Session& session, std::function<int(Client&)> use) {
  verb.callback(
      [&session, use = std::move(use)] { session.action = [&session, use] { return with_daemon(session, use); }; });
}

void on_daemon_or_store(CLI::App& verb, Session& session, std::function<int(Client&)> use,
                        std::function<int()> instead) {
  verb.callback([&session, use = std::move(use), instead = std::move(instead)] {
    session.action = [&session, use, instead] {
      auto client = connect(session);
      if (client) return use(*client);
      // A daemon that was looked for elsewhere has its store elsewhere.
      const bool here = session.socket == bus::socket_path("/run/schedkit");
      if (!here || ::geteuid() != 0 || client.error().code == Errc::denied) return unreachable(client.error());
      complain("schedkitd does not run; working on its store without it");
      return instead();
    };
  });
}

Result<Status> fetch_status(Client& client) {
  const auto json = client.status();
  if (!json) return fail(json.error());
  return parse_status(*json, SystemClock().now());
}

int report_outcome(Client& client) {
  const auto status = fetch_status(client);
  if (!status) return failed(client, status.error());
  std::string text = status_text(*status, SystemClock().now(), {.colour = wants_colour()});
  text.resize(text.find('\n') + 1);  // the first line alone
  if (status->last_switch) text += fmt::format("  last switch: {}\n", switch_text(*status->last_switch));
  return print(text) ? exit_done : exit_failed;
}

bool print(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!written) complain("cannot write to standard output");
  return written;
}

bool wants_colour() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0') && terminal != nullptr &&
         std::string_view(terminal) != "dumb";
}

}  // namespace schedkit
