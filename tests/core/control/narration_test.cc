#include "core/control/narration.h"

#include <algorithm>

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(Narration) {
  Status before;
  Status now;
  Decision decision{.choice = {Scheduler{.name = "lavd"}}, .cause = Cause::rule, .rule = "gaming.toml/steam"};

  void setup() override { now.current = RunStatus{.name = "lavd", .digest = "sha256:12"}; }

  LogMessage only(const std::vector<HistoryEntry>& happened) {
    const auto messages = narrate(before, now, happened, &decision);
    CHECK_EQUAL(1U, messages.size());
    return messages.empty() ? LogMessage() : messages.front();
  }
  static std::string field(const LogMessage& message, std::string_view name) {
    const auto found = std::ranges::find(message.fields, name, &log::Fields::value_type::first);
    return found == message.fields.end() ? "none" : found->second;
  }
  static void equal(std::string_view wanted, const std::string& got) {
    STRCMP_EQUAL(std::string(wanted).c_str(), got.c_str());
  }
};

TEST(Narration, nothing_happened) { CHECK_TRUE(narrate(now, now, {}, &decision).empty()); }

TEST(Narration, a_switch_names_scheduler_digest_and_rule) {
  const auto message = only({{.event = HistoryEvent::switched, .from = "kernel", .to = "lavd", .cause = "a game"}});
  equal("switched from kernel to lavd: prepared in 0.0 ms, detached in 0.0 ms, attached in 0.0 ms (a game)",
        message.text);
  equal(message_id::switched, field(message, "MESSAGE_ID"));
  equal("lavd", field(message, "SCHEDKIT_SCHEDULER"));
  equal("sha256:12", field(message, "SCHEDKIT_DIGEST"));
  equal("gaming.toml/steam", field(message, "SCHEDKIT_RULE"));
}

TEST(Narration, a_way_back_is_a_message_of_its_own_and_no_work_of_the_rule) {
  now.current = RunStatus{.name = "rusty", .digest = "sha256:34"};
  const auto message = only({{.event = HistoryEvent::rolled_back, .from = "lavd", .to = "rusty"}});
  equal(message_id::rolled_back, field(message, "MESSAGE_ID"));
  equal("rusty", field(message, "SCHEDKIT_SCHEDULER"));
  equal("sha256:34", field(message, "SCHEDKIT_DIGEST"));
  equal("none", field(message, "SCHEDKIT_RULE"));
}

TEST(Narration, a_failure_is_told_once_with_the_digest_it_had) {
  before.candidate = RunStatus{.name = "bad", .digest = "sha256:56", .phase = "starting"};
  now.last_failure = FailureRecord{.scheduler = "bad", .text = "bad: it ended", .at = WallTime(Duration(1))};
  const auto message = only({{.event = HistoryEvent::failed, .to = "bad", .text = "bad: it ended"}});
  CHECK_TRUE(message.level == log::Level::error);
  equal("bad: it ended", message.text);
  equal(message_id::failed, field(message, "MESSAGE_ID"));
  equal("sha256:56", field(message, "SCHEDKIT_DIGEST"));
  CHECK_TRUE(narrate(now, now, {}, &decision).empty());
}

TEST(Narration, what_was_lost_is_the_one_that_ran) {
  equal("lavd", field(only({{.event = HistoryEvent::lost, .from = "lavd", .text = "gone"}}), "SCHEDKIT_SCHEDULER"));
}

TEST(Narration, the_kernels_own_has_no_digest) {
  now.current.reset();
  const auto message = only({{.event = HistoryEvent::switched, .from = "lavd", .to = "kernel"}});
  equal("kernel", field(message, "SCHEDKIT_SCHEDULER"));
  equal("none", field(message, "SCHEDKIT_DIGEST"));
}

TEST(Narration, somebody_elses) {
  now.state = SystemState::foreign;
  now.kernel.ops = "scx_x";
  now.foreign_owner = "pid 7";
  const auto message = only({});
  equal("foreign scheduler scx_x (pid 7)", message.text);
  equal(message_id::foreign, field(message, "MESSAGE_ID"));
}

TEST(Narration, without_a_decision) {
  const auto messages = narrate(before, now, {{.event = HistoryEvent::switched, .to = "lavd"}}, nullptr);
  CHECK_EQUAL(1U, messages.size());
  equal("none", field(messages.front(), "SCHEDKIT_RULE"));
}
