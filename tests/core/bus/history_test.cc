#include "core/bus/history_json.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

namespace {

HistoryEntry full() {
  HistoryEntry entry;
  entry.at = WallTime{1795386022s};
  entry.event = HistoryEvent::failed;
  entry.from = "lavd";
  entry.to = "rusty";
  entry.cause = "rule a/b holds";
  entry.text = "it \x1b[31mstalled\xff";
  entry.strikes = 3;
  entry.quarantined = true;
  entry.prepare = 1500us;
  entry.detach = 2ms;
  entry.attach = 3ms;
  entry.ran = 4s;
  return entry;
}

}  // namespace

TEST_GROUP(History){};

TEST(History, goes_through_json_and_back) {
  auto expected = full();
  expected.text = "it stalled";
  const auto parsed = parse_history_line(history_line(expected));
  CHECK_TRUE(parsed && *parsed == expected);
  const auto list = parse_history(history_json({expected, {}}));
  CHECK_TRUE(list && list->size() == 2 && list->at(0) == expected);
  for (int i = 0; i <= static_cast<int>(HistoryEvent::notice); ++i) {
    const HistoryEntry entry{.event = static_cast<HistoryEvent>(i)};
    CHECK_TRUE(parse_history_line(history_line(entry))->event == entry.event);
  }
}

TEST(History, is_one_ascii_line) {
  const auto line = history_line(full());
  for (const char c : line) CHECK_TRUE(c >= 0x20 && c < 0x7f);
}

TEST(History, what_is_no_entry_is_an_error) {
  for (const char* text : {"", "{", "[]", "{\"at\": 3}", "{\"strikes\": \"x\"}"}) {
    CHECK_FALSE(parse_history_line(text).has_value());
  }
  CHECK_FALSE(parse_history("{}").has_value());
  CHECK_TRUE(parse_history_line("{\"event\": \"of a later version\"}")->event == HistoryEvent::notice);
}

TEST(History, text_for_people) {
  const auto text = history_text({full()});
  STRCMP_CONTAINS("failed      lavd -> rusty: it ", text.c_str());
  STRCMP_CONTAINS(
      "(rule a/b holds), strike 3, quarantined [prepared in 1.5 ms, detached in 2.0 ms, attached in 3.0 ms, ran 4s]",
      text.c_str());
  CHECK_TRUE(text.find('\x1b') == std::string::npos);
}
