#include <systemd/sd-bus.h>

#include <vector>

#include "core/bus/history_json.h"
#include "core/bus/names.h"
#include "core/bus/status_json.h"
#include "tests/core/bus/example_status.h"
#include "tests/core/bus/harness.h"

#include <CppUTest/TestHarness.h>  // last: it redefines new

using namespace schedkit;

namespace {

BusPtr connect_bus(const std::string& socket) {
  sd_bus* raw = nullptr;
  sd_bus_new(&raw);
  sd_bus_set_address(raw, ("unix:path=" + socket).c_str());
  sd_bus_start(raw);
  return BusPtr(raw);
}

// Calls Run with options as `append` writes them; the name of the error.
std::string error_of_run(const std::string& socket, const std::function<void(sd_bus_message*)>& append) {
  const BusPtr bus = connect_bus(socket);
  sd_bus_message* call = nullptr;
  sd_bus_message_new_method_call(bus.get(), &call, nullptr, bus::manager_path, bus::manager_interface, "Run");
  append(call);
  sd_bus_error error = SD_BUS_ERROR_NULL;
  sd_bus_call(bus.get(), call, 0, &error, nullptr);
  const std::string name = error.name != nullptr ? error.name : "";
  sd_bus_error_free(&error);
  sd_bus_message_unref(call);
  return name;
}

}  // namespace

TEST_GROUP(ManagerService) { BusHarness bus; };

TEST(ManagerService, run_reaches_the_controls_with_all_it_carries) {
  Result<void> result = fail(Errc::failed, "not called");
  CHECK_TRUE(bus.serve([&] {
    auto client = Client::connect(bus.socket);
    if (client) result = client->run("lavd", {.mode = "gaming", .args = {{"--x", "", "y z"}}});
  }));
  CHECK_TRUE(result.has_value());
  LONGS_EQUAL(1, bus.controls.runs.size());
  const auto& run = bus.controls.runs[0];
  STRCMP_EQUAL("lavd", run.scheduler.c_str());
  STRCMP_EQUAL("gaming", run.mode.c_str());
  CHECK_TRUE(run.has_args);
  LONGS_EQUAL(3, run.args.size());
  STRCMP_EQUAL("y z", run.args[2].c_str());
  CHECK_TRUE(run.by.find("uid ") != std::string::npos);
}

TEST(ManagerService, no_arguments_differ_from_an_empty_list) {
  bus.serve([&] {
    auto client = Client::connect(bus.socket);
    (void)client->run("a", {});
    (void)client->run("b", {.mode = "", .args = std::vector<std::string>{}});
  });
  CHECK_FALSE(bus.controls.runs.at(0).has_args);
  CHECK_TRUE(bus.controls.runs.at(1).has_args);
}

TEST(ManagerService, errors_keep_code_and_text) {
  bus.controls.answer = fail(Errc::not_found, "no scheduler is called \"x\x01\"");
  Result<void> result;
  bus.serve([&] { result = Client::connect(bus.socket)->run("x", {}); });
  CHECK_FALSE(result.has_value());
  CHECK_TRUE(result.error().code == Errc::not_found);
  STRCMP_EQUAL("no scheduler is called \"x\\x01\"", result.error().text.c_str());
}

TEST(ManagerService, answers_come_when_the_command_is_over) {
  bus.controls.wait = true;
  bool answered = false;
  bus.controls.asked = [&] {
    if (bus.controls.pending.size() < 2) return;
    CHECK_FALSE(answered);
    bus.controls.pending[1]({});
    bus.controls.pending[0](fail(Errc::cancelled, "a newer command"));
  };
  Result<void> first;
  Result<void> second = fail(Errc::failed, "");
  std::thread other;
  bus.serve([&] {
    other = std::thread([&] { first = Client::connect(bus.socket)->run("a", {}); });
    second = Client::connect(bus.socket)->stop();
    other.join();
    answered = true;
  });
  // Whichever came first was cancelled; the other succeeded.
  CHECK_TRUE(first.has_value() != second.has_value());
}

TEST(ManagerService, run_refuses_wrong_options) {
  using Append = std::function<void(sd_bus_message*)>;
  const std::vector<Append> wrong = {
      [](sd_bus_message* m) { sd_bus_message_append(m, "sa{sv}", "a", 1, "colour", "s", "red"); },
      [](sd_bus_message* m) { sd_bus_message_append(m, "sa{sv}", "a", 1, "mode", "u", 3U); },
      [](sd_bus_message* m) { sd_bus_message_append(m, "sa{sv}", "a", 1, "args", "s", "x"); },
      [](sd_bus_message* m) { sd_bus_message_append(m, "sa{sv}", "a", 2, "args", "as", 0, "args", "as", 0); },
      [](sd_bus_message* m) { sd_bus_message_append(m, "sa{sv}", "", 0); }};
  std::vector<std::string> names;
  bus.serve([&] {
    for (const auto& append : wrong) names.push_back(error_of_run(bus.socket, append));
  });
  for (const auto& name : names) STRCMP_EQUAL("io.schedkit.Error.Invalid", name.c_str());
  LONGS_EQUAL(0, bus.controls.runs.size());
}

TEST(ManagerService, run_refuses_what_is_too_long) {
  Result<void> result;
  bus.serve([&] {
    auto client = Client::connect(bus.socket);
    result = client->run("a", {.mode = "", .args = {{std::string(8 << 20, 'x')}}});
    CHECK_TRUE(client->status().has_value());
  });
  CHECK_TRUE(result.error().code == Errc::limit);
  LONGS_EQUAL(0, bus.controls.runs.size());
}

TEST(ManagerService, status_is_the_whole_picture) {
  bus.controls.picture = example_status(bus.clock.now());
  Result<std::string> json = fail(Errc::failed, "");
  bus.serve([&] { json = Client::connect(bus.socket)->status(); });
  const auto parsed = parse_status(*json, bus.clock.now());
  CHECK_TRUE(parsed.has_value());
  STRCMP_EQUAL("gaming.toml/games", parsed->wanted.rule.c_str());
}

TEST(ManagerService, output_is_kept_and_told_to_who_follows) {
  for (std::size_t i = 0; i < OutputLog::kept_lines; ++i) bus.service->output("noisy", std::to_string(i));
  bus.service->output("lavd", "one\x01");
  std::vector<OutputLine> all;
  std::vector<OutputLine> seen;
  // Any call is a moment on the loop at which a line may come.
  bus.controls.asked = [&] {
    bus.service->output("noisy", "not for us");
    bus.service->output("lavd", "two");
  };
  bus.serve([&] {
    auto client = Client::connect(bus.socket);
    all = *client->logs("", false);
    auto other = Client::connect(bus.socket);
    bool asked = false;
    (void)client->follow_logs("lavd", [&](const std::vector<OutputLine>& lines) {
      seen.insert(seen.end(), lines.begin(), lines.end());
      if (!asked) (void)other->reload();
      asked = true;
      return seen.size() < 2;
    });
  });
  LONGS_EQUAL(OutputLog::kept_lines, all.size());
  STRCMP_EQUAL("1", all.front().text.c_str());
  CHECK_TRUE((seen == std::vector<OutputLine>{{"lavd", "one\\x01"}, {"lavd", "two"}}));
}

TEST(ManagerService, history_and_quarantine) {
  for (int i = 0; i < 3; ++i) bus.controls.past.push_back({.text = std::to_string(i)});
  Result<std::string> history = fail(Errc::failed, "not called");
  Result<std::uint32_t> cleared = fail(Errc::failed, "not called");
  Result<std::uint32_t> nobody = cleared;
  CHECK_TRUE(bus.serve([&] {
    auto client = Client::connect(bus.socket);
    if (!client) return;
    history = client->history(2);
    cleared = client->clear_quarantine("lavd");
    nobody = client->clear_quarantine("nobody");
  }));
  const auto entries = parse_history(history.value_or(""));
  CHECK_TRUE(entries && entries->size() == 2);
  STRCMP_EQUAL("1", entries->at(0).text.c_str());
  CHECK_TRUE(cleared && *cleared == 2 && nobody && *nobody == 0);
  CHECK_TRUE((bus.controls.cleared == std::vector<std::string>{"lavd", "nobody"}));
}

TEST(ManagerService, lists_have_the_promised_types) {
  bus.controls.picture = example_status(bus.clock.now());
  std::string rules;
  std::string files;
  int properties = -1;
  bus.serve([&] {
    const BusPtr client = connect_bus(bus.socket);
    const auto call = [&](const char* interface, const char* method, const char* types, const char* argument) {
      sd_bus_message* reply = nullptr;
      sd_bus_call_method(client.get(), nullptr, bus::manager_path, interface, method, nullptr, &reply, types, argument);
      return Message::adopt(reply);
    };
    const auto signature = [](const Message& m) { return m.get() ? sd_bus_message_get_signature(m.get(), 1) : "none"; };
    rules = signature(call(bus::manager_interface, "ListRules", "", ""));
    files = signature(call(bus::manager_interface, "ListPolicyFiles", "", ""));
    const Message all = call("org.freedesktop.DBus.Properties", "GetAll", "s", bus::manager_interface);
    properties = 0;
    sd_bus_message_enter_container(all.get(), 'a', "{sv}");
    while (sd_bus_message_skip(all.get(), "{sv}") > 0) ++properties;
  });
  STRCMP_EQUAL("a(ssisx)", rules.c_str());
  STRCMP_EQUAL("a(ssssssa(uus)a(uus))", files.c_str());
  LONGS_EQUAL(13, properties);
}

TEST(ManagerService, a_change_is_one_signal_with_what_differs) {
  std::vector<std::string> changed;
  int signals = 0;
  BusPtr client = connect_bus(bus.socket);
  sd_bus_match_signal(
      client.get(), nullptr, nullptr, bus::manager_path, "org.freedesktop.DBus.Properties", "PropertiesChanged",
      [](sd_bus_message*, void* count, sd_bus_error*) { return ++*static_cast<int*>(count), 0; }, &signals);
  const auto pump = [&] {
    bus.loop.run_once(false);
    for (sd_bus_message* raw = nullptr; sd_bus_process(client.get(), &raw) > 0; raw = nullptr) {
      const Message message = Message::adopt(raw);
      if (raw == nullptr || sd_bus_message_is_signal(raw, nullptr, "PropertiesChanged") <= 0) continue;
      sd_bus_message_skip(raw, "s");
      sd_bus_message_enter_container(raw, 'a', "{sv}");
      const char* name = nullptr;
      while (sd_bus_message_enter_container(raw, 'e', "sv") > 0) {
        sd_bus_message_read(raw, "s", &name);
        changed.emplace_back(name);
        sd_bus_message_skip(raw, "v");
        sd_bus_message_exit_container(raw);
      }
    }
    return signals > 0;
  };
  for (int i = 0; i < 200 && sd_bus_is_ready(client.get()) <= 0; ++i) pump();
  for (int i = 0; i < 20; ++i) pump();  // the server has read the end of the greeting too
  bus.service->changed();               // nothing differs
  for (int i = 0; i < 20; ++i) pump();
  LONGS_EQUAL(0, signals);
  bus.controls.picture.state = SystemState::running;
  bus.controls.picture.kernel.ops = "lavd\n";
  bus.service->changed();
  for (int i = 0; i < 200 && !pump(); ++i) {
  }
  LONGS_EQUAL(1, signals);
  CHECK_TRUE((changed == std::vector<std::string>{"State", "Ops"}));
}

TEST(ManagerService, a_run_may_say_how_long_it_lasts) {
  Result<void> wrong;
  bus.serve([&] {
    auto client = Client::connect(bus.socket);
    (void)client->run("a", {.mode = "", .args = {}, .until = "2h"});
    (void)client->run("b", {});
    wrong = client->run("c", {.mode = "", .args = {}, .until = "forever"});
  });
  LONGS_EQUAL(2, bus.controls.runs.size());
  CHECK_TRUE((bus.controls.runs[0].until == Lifetime{Lifetime::Kind::limited, std::chrono::hours(2)}));
  CHECK_FALSE(bus.controls.runs[1].until.has_value());
  CHECK_FALSE(wrong.has_value());
  STRCMP_CONTAINS("\"forever\" is no lifetime", wrong.error().text.c_str());
}

TEST(ManagerService, explain_tells_all_rules_or_one) {
  for (const auto* name : {"one", "two"}) {
    RuleExplanation rule;
    rule.status = {fmt::format("x.toml/{}", name), "lavd", 100, RuleState::idle, {}};
    rule.verdict = "does not hold";
    rule.when = {{false, {{"power source=\"ac\"", false, "source battery, profile unknown", {}}}}};
    bus.controls.explanation.rules.push_back(rule);
  }
  bus.controls.explanation.decision.reason = "no rule holds";
  Result<std::string> all, one, json, unknown, form;
  bus.serve([&] {
    auto client = Client::connect(bus.socket);
    all = client->explain("", "text");
    one = client->explain("x.toml/two", "text");
    json = client->explain("one", "json");
    unknown = client->explain("three", "text");
    form = client->explain("", "xml");
  });
  STRCMP_CONTAINS("x.toml/one -> lavd, priority 100: does not hold\n    when\n      [ ] power source=\"ac\": source",
                  all->c_str());
  STRCMP_CONTAINS("x.toml/two", all->c_str());
  CHECK_TRUE(one->find("x.toml/one") == std::string::npos);
  STRCMP_CONTAINS("\"rule\": \"x.toml/one\"", json->c_str());
  CHECK_TRUE(json->find("x.toml/two") == std::string::npos);
  CHECK_TRUE(unknown.error().code == Errc::not_found);
  CHECK_TRUE(form.error().code == Errc::invalid);
}
