#include "core/base/file.h"
#include "core/bus/names.h"
#include "core/bus/status_json.h"
#include "core/bus/status_text.h"
#include "core/bus/status_words.h"
#include "core/bus/time_text.h"
#include "tests/core/bus/example_status.h"

#include <CppUTest/TestHarness.h>  // last: it redefines new

using namespace schedkit;

TEST_GROUP(StatusViews) {
  const Instant now{std::chrono::seconds(1000)};
  const Status example = example_status(now);

  static bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }
};

TEST(StatusViews, json_is_as_in_the_golden_file) {
  const auto golden = read_file(TEST_DATA "/status.json", 100000);
  CHECK_TRUE(golden.has_value());
  STRCMP_EQUAL(golden->c_str(), status_json(example, now).c_str());
}

TEST(StatusViews, json_survives_the_way_back) {
  const std::string json = status_json(example, now);
  const auto parsed = parse_status(json, now);
  CHECK_TRUE(parsed.has_value());
  STRCMP_EQUAL(json.c_str(), status_json(*parsed, now).c_str());
}

TEST(StatusViews, an_empty_status_survives_too) {
  const std::string json = status_json(Status{}, now);
  const auto parsed = parse_status(json, now);
  CHECK_TRUE(parsed.has_value());
  STRCMP_EQUAL(json.c_str(), status_json(*parsed, now).c_str());
}

TEST(StatusViews, environment_values_are_nowhere) {
  CHECK_FALSE(has(status_json(example, now), "top-secret"));
  CHECK_FALSE(has(status_text(example, now, {.verbose = true}), "top-secret"));
}

TEST(StatusViews, foreign_bytes_are_escaped) {
  for (const auto& text : {status_json(example, now), status_text(example, now, {.verbose = true})}) {
    for (const char c : text) CHECK_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f));
  }
}

TEST(StatusViews, garbage_is_no_status) {
  for (const char* text : {"", "{", "[]", "{}", "null", "{\"schema_version\":\"2\"}", "{\"schema_version\":1}"}) {
    CHECK_FALSE(parse_status(text, now).has_value());
  }
}

TEST(StatusViews, fields_of_a_wrong_type_keep_their_defaults) {
  const auto parsed = parse_status(
      R"({"schema_version":"1","state":7,"kernel":[],"scheduler":{"pid":99999999999,"args":[1,"x"]},"rules":[3],
          "files":"no","last_switch":{"prepare_ms":-1e99,"at":"yesterday"},"wanted":null})",
      now);
  CHECK_TRUE(parsed.has_value());
  CHECK_TRUE(parsed->state == SystemState::idle);
  LONGS_EQUAL(0, parsed->current->pid);
  LONGS_EQUAL(1, parsed->current->args.size());
  CHECK_TRUE(parsed->last_switch->prepare == Duration(0));
  CHECK_TRUE(parsed->wanted.choice.is_kernel());
}

TEST(StatusViews, states_map_to_upstreams_words) {
  Status status;
  const auto word = [&](SystemState state) {
    status.state = state;
    return std::string(upstream_word(status));
  };
  STRCMP_EQUAL("idle", word(SystemState::idle).c_str());
  STRCMP_EQUAL("idle", word(SystemState::unsupported).c_str());
  STRCMP_EQUAL("idle", word(SystemState::preparing).c_str());
  STRCMP_EQUAL("orphaned-kernel-state", word(SystemState::foreign).c_str());
  STRCMP_EQUAL("managed-detached", word(SystemState::managed_detached).c_str());
  CHECK_TRUE(is_discrepancy(status));
  status.current.emplace();
  status.kernel.ops = "lavd";
  STRCMP_EQUAL("running", word(SystemState::preparing).c_str());
  STRCMP_EQUAL("running", word(SystemState::handing_over).c_str());
  STRCMP_EQUAL("running", word(SystemState::probation).c_str());
  CHECK_FALSE(is_discrepancy(status));
  status.discrepancy = "rusty is wanted";
  CHECK_TRUE(is_discrepancy(status));
}

TEST(StatusViews, first_and_kernel_lines_are_upstreams) {
  Status status;
  CHECK_TRUE(status_text(status, now, {}).starts_with("no scheduler running\n  driver: schedkit\n"));
  CHECK_TRUE(has(status_text(status, now, {}), "\n  kernel: sched_ext not supported\n"));
  status.kernel = {.supported = true, .state = "disabled", .ops = "", .enable_seq = 0};
  CHECK_TRUE(has(status_text(status, now, {}), "\n  kernel: disabled, no ops attached\n"));
  status.kernel = {.supported = true, .state = "enabled", .ops = "lavd", .enable_seq = 1};
  status.state = SystemState::foreign;
  status.foreign_owner = "12 scx_lavd";
  CHECK_TRUE(status_text(status, now, {}).starts_with("discrepancy: orphaned-kernel-state\n"));
  CHECK_TRUE(has(status_text(status, now, {}), "\n  detail: attached by somebody else: 12 scx_lavd\n"));
  CHECK_TRUE(status_text(example, now, {}).starts_with("scheduler running: lavd\n"));
  CHECK_TRUE(has(status_text(example, now, {}), "\n  kernel: enabled, ops=lavd\n"));
}

TEST(StatusViews, text_tells_why_and_what_failed) {
  const std::string text = status_text(example, now, {});
  CHECK_TRUE(has(text, "\n  rule: gaming.toml/games\n"));
  CHECK_TRUE(has(text, "\n  candidate: rusty, starting, pid 43\n"));
  CHECK_TRUE(has(text, "rusty: exited with status 3\n    | libbpf: no\n    | bye\\x0a\n"));
  CHECK_TRUE(has(text, "policy files with errors: 1"));
  CHECK_TRUE(has(text, "args: --performance \"a b\"\n"));
  CHECK_FALSE(has(text, "rules:\n"));
}

TEST(StatusViews, text_tells_what_protects) {
  const std::string text = status_text(example, now, {});
  CHECK_TRUE(has(text, "\n  probation: 12s left\n"));
  CHECK_TRUE(has(text, "\n  standby: fifo, at the gate\n"));
  CHECK_TRUE(has(text, "\n  previous: vtime, given up: vtime exited with status 1 at the gate\n"));
  CHECK_TRUE(has(text, "\n  quarantined: rusty: 3 strikes, last 2026-11-22T22:20:22Z: runnable task stall"));
  CHECK_TRUE(has(text, "(kernel 7.2.13, sha256:bb, --slice \"a b\")"));
}

TEST(StatusViews, verbose_text_has_rules_files_and_source) {
  const std::string text = status_text(example, now, {.verbose = true});
  CHECK_TRUE(has(text, "pending    200  gaming.toml/games -> rusty (active in 5s)\n"));
  CHECK_TRUE(has(text, "  base.toml/always: lower priority\n"));
  CHECK_TRUE(has(text, "    error: /etc/schedkit/bad.toml:3:7: unknown key \"prio\"\n"));
  CHECK_TRUE(has(text, "  bpf: 10 delivered, 2 lost, 12 wake-ups\n    BTF is there\n    filter is wide: rule x\n"));
}

TEST(StatusViews, colour_is_on_the_first_line_only) {
  const std::string text = status_text(example, now, {.colour = true});
  CHECK_TRUE(text.starts_with("\x1b[1;32mscheduler running: lavd\x1b[0m\n"));
  LONGS_EQUAL(text.find("\x1b[0m"), text.rfind('\x1b'));
}

TEST_GROUP(TimeText){};

TEST(TimeText, both_forms_and_back) {
  const WallTime time{std::chrono::milliseconds(1795386022123)};
  STRCMP_EQUAL("2026-11-22T22:20:22Z", format_time(time, false).c_str());
  STRCMP_EQUAL("2026-11-22T22:20:22.123Z", format_time(time, true).c_str());
  CHECK_TRUE(parse_time("2026-11-22T22:20:22.123Z") == time);
  for (const char* bad : {"", "2026-11-22", "2026-11-22T22:20:22", "2026-11-22T22:20:22.12Z",
                          "2026-11-22T22:20:22,123Z", "2026-11-22 22:20:22Z", "2026-11-22T22:20:22.1x3Z"}) {
    CHECK_FALSE(parse_time(bad).has_value());
  }
}

TEST_GROUP(BusNames){};

TEST(BusNames, every_code_has_a_name_and_comes_back) {
  for (int i = 0; i <= static_cast<int>(Errc::failed); ++i) {
    const auto code = static_cast<Errc>(i);
    CHECK_TRUE(bus::error_code(bus::error_name(code)) == code);
  }
  CHECK_TRUE(bus::error_code("com.example.Boom") == Errc::failed);
  CHECK_TRUE(bus::error_code("org.freedesktop.DBus.Error.AccessDenied") == Errc::denied);
}

TEST(BusNames, printable_is_ascii_and_ends) {
  STRCMP_EQUAL("a\\x1b\\xff\\x0ab", bus::printable("a\x1b\xff\nb").c_str());
  STRCMP_EQUAL("abc...", bus::printable("abcdef", 3).c_str());
}
