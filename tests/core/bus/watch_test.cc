// The stream of what happens, over a real socket.
#include <mutex>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/bus/event_json.h"
#include "core/bus/watch_text.h"
#include "tests/core/bus/harness.h"

#include <CppUTest/TestHarness.h>  // last: it redefines new

using namespace schedkit;
using namespace std::chrono_literals;

TEST_GROUP(WatchStream) {
  BusHarness bus;
  std::mutex mutex;
  std::vector<std::string> lines;  // what the client got
  std::atomic<bool> reading{true};
  std::atomic<bool> over{false};
  std::thread client;

  void teardown() override { end(); }
  void begin() {
    client = std::thread([this] {
      auto connected = Client::connect(bus.socket);
      if (!connected) return;
      (void)connected->watch([this](const std::string& line) {
        if (!line.empty()) {
          const std::lock_guard lock(mutex);
          lines.push_back(line);
        }
        reading.wait(false);
        return !over;
      });
    });
    CHECK_TRUE(bus.turn_while_polling([&] { return bus.controls.watcher != nullptr; }));
    CHECK_TRUE(wait_for_line(0));
  }
  void end() {
    if (!client.joinable()) return;
    over = true;
    set_reading(true);
    (void)bus.turn_while_polling([&] { return bus.controls.watcher == nullptr; });
    client.join();
  }
  void set_reading(bool does) {
    reading = does;
    reading.notify_all();
  }
  bool wait_for_line(std::size_t number) {
    return bus.turn_while_polling([&] {
      const std::lock_guard lock(mutex);
      return lines.size() > number;
    });
  }
  void tell(const std::string& comm) {
    Process process;
    process.id = {1, 1};
    process.comm = comm;
    bus.controls.watcher->saw(bus.clock.now(), Event(ProcessSeen{process}));
  }
  nlohmann::json line(std::size_t number) {
    const std::lock_guard lock(mutex);
    return nlohmann::json::parse(lines.at(number));
  }
};

TEST(WatchStream, it_begins_with_a_snapshot_and_ends_with_its_client) {
  POINTERS_EQUAL(nullptr, bus.controls.watcher);
  bus.controls.standing.engine.rules = {{"f/r", RuleState::lingering, 3s, 1s}};
  begin();
  STRCMP_EQUAL("snapshot", line(0)["event"].get<std::string>().c_str());
  STRCMP_EQUAL("f/r", line(0)["rules"][0]["rule"].get<std::string>().c_str());
  tell("cs2");
  bus.controls.watcher->decided(bus.clock.now(), Decision{{}, Cause::rule, "f/r", "rule f/r holds", {}});
  bus.controls.watcher->happened(bus.clock.now(), {.event = HistoryEvent::switched, .from = "kernel", .to = "lavd"});
  CHECK_TRUE(wait_for_line(3));
  STRCMP_EQUAL("cs2", line(1)["comm"].get<std::string>().c_str());
  STRCMP_EQUAL("f/r", line(2)["rule"].get<std::string>().c_str());
  STRCMP_EQUAL("switched", line(3)["what"].get<std::string>().c_str());
  CHECK_TRUE(line(3)["at"].get<double>() >= line(1)["at"].get<double>());
  end();
  POINTERS_EQUAL(nullptr, bus.controls.watcher);
}

TEST(WatchStream, a_client_that_does_not_read_loses_lines_and_is_told) {
  begin();
  set_reading(false);
  constexpr int told = 8000;  // 24 MB: sd-bus lets a socket hold 8
  tell("first");              // the client takes it and stops
  CHECK_TRUE(wait_for_line(1));
  const std::string padding(3000, 'x');
  for (int i = 0; i < told; ++i) tell(padding);
  set_reading(true);
  const auto resumed = [&] {
    const std::lock_guard lock(mutex);
    return lines.size() > 2 && lines.back().find("\"snapshot\"") != std::string::npos;
  };
  CHECK_TRUE(bus.turn_while_polling(resumed));
  const std::lock_guard lock(mutex);
  const auto dropped = nlohmann::json::parse(lines.at(lines.size() - 2));
  STRCMP_EQUAL("dropped", dropped["event"].get<std::string>().c_str());
  const auto lost = dropped["lost"].get<std::size_t>();
  CHECK_TRUE(lost > 3000);                         // the rest waited in the socket, which the kernel bounds, and here
  LONGS_EQUAL(2 + told + 2, lines.size() + lost);  // and nothing else is missing
  CHECK_TRUE(parse_event_script(lines.back(), "line").has_value());
}

TEST(WatchStream, a_client_that_goes_while_lines_wait_is_forgotten) {
  begin();
  set_reading(false);
  for (int i = 0; i < 4000; ++i) tell(std::string(3000, 'x'));
  end();
  CHECK_TRUE(bus.turn_until([&] { return bus.server->clients() == 0; }));
}

TEST(WatchStream, lines_for_people) {
  STRCMP_EQUAL(
      "    12.500s  decision      lavd/gaming  rule f/r holds\n",
      watch_text(R"({"at":12.5,"event":"decision","scheduler":"lavd","mode":"gaming","reason":"rule f/r holds"})")
          .c_str());
  STRCMP_EQUAL("     0.000s  process       7 cs2  /usr/bin/cs2\n",
               watch_text(R"({"at":0,"event":"process","pid":7,"comm":"cs2","exe":"/usr/bin/cs2"})").c_str());
  STRCMP_EQUAL("     1.000s  power         source=ac\n",
               watch_text(R"({"at":1,"event":"power","source":"ac"})").c_str());
  STRCMP_EQUAL("     1.000s  scheduler     failed: lavd: it ended (rule f/r holds)\n",
               watch_text(R"({"at":1,"event":"scheduler","what":"failed","to":"lavd","text":"it ended",)"
                          R"("cause":"rule f/r holds"})")
                   .c_str());
  STRCMP_EQUAL("what is this\\x1b\n", watch_text("what is this\x1b\n").c_str());
}
