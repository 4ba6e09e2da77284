#include "core/source/proc_events.h"

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>

#include <cstring>
#include <vector>

#include <CppUTest/TestHarness.h>

using namespace schedkit;

namespace {

std::vector<std::byte> datagram(const proc_event& event, std::uint32_t index = CN_IDX_PROC) {
  cn_msg message{};
  message.id = {index, CN_VAL_PROC};
  message.len = sizeof(event);
  nlmsghdr header{};
  header.nlmsg_type = NLMSG_DONE;
  header.nlmsg_len = sizeof(header) + sizeof(message) + sizeof(event);
  std::vector<std::byte> bytes(NLMSG_ALIGN(header.nlmsg_len));
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::memcpy(bytes.data() + sizeof(header), &message, sizeof(message));
  std::memcpy(bytes.data() + sizeof(header) + sizeof(message), &event, sizeof(event));
  return bytes;
}

std::vector<ProcEvent> parse(const std::vector<std::byte>& bytes) {
  std::vector<ProcEvent> events;
  parse_proc_events(bytes, [&](const ProcEvent& event) { events.push_back(event); });
  return events;
}

proc_event fork_event() {
  proc_event event{};
  event.what = proc_event::PROC_EVENT_FORK;
  event.event_data.fork = {.parent_pid = 5, .parent_tgid = 4, .child_pid = 9, .child_tgid = 9};
  return event;
}

}  // namespace

TEST_GROUP(ProcEvents){};

TEST(ProcEvents, KindsAreTold) {
  const auto forked = parse(datagram(fork_event()));
  CHECK(forked == (std::vector<ProcEvent>{{ProcEvent::Kind::fork, 9, 9, 4}}));
  proc_event event{};
  event.what = proc_event::PROC_EVENT_EXIT;
  event.event_data.exit.process_pid = 7;
  event.event_data.exit.process_tgid = 6;
  CHECK(parse(datagram(event)) == (std::vector<ProcEvent>{{ProcEvent::Kind::exit, 7, 6, 0}}));
  event.what = proc_event::PROC_EVENT_UID;
  CHECK(parse(datagram(event)).empty());
}

TEST(ProcEvents, SeveralMessagesInOneDatagram) {
  auto bytes = datagram(fork_event());
  const auto second = bytes;
  bytes.insert(bytes.end(), second.begin(), second.end());
  LONGS_EQUAL(2, parse(bytes).size());
}

TEST(ProcEvents, ForeignAndMalformedMessagesArePassedOver) {
  CHECK(parse(datagram(fork_event(), 99)).empty());
  const auto whole = datagram(fork_event());
  for (std::size_t size = 0; size < whole.size() - 4; ++size) {
    CHECK(parse({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}).empty());
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {  // any one byte wrong: no crash, no endless loop
    auto broken = whole;
    broken[at] = std::byte{0xff};
    CHECK(parse(broken).size() <= 1);
  }
}
