#include "core/sched/running_record.h"

#include <unistd.h>

#include "core/sched/process_fd.h"
#include "core/sched/tenure.h"
#include "tests/core/sched/temporary_directory.h"

#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(Record) {
  RunningRecord record;

  void setup() override {
    Scheduler scheduler;
    scheduler.name = "lavd";
    scheduler.image = "oci:/x:1";
    scheduler.args = {"--a"};
    scheduler.modes = {{"gaming", {"--p"}}};
    scheduler.env = {{"K", "v"}};
    scheduler.standby = true;
    scheduler.profile = Profile::compat;
    scheduler.handover = Handover::stop_first;
    scheduler.memory = 5;
    scheduler.pids = 6;
    scheduler.caps_add = {"CAP_KILL"};
    scheduler.paths_rw = {"/proc/irq"};
    scheduler.devices = {"/dev/x"};
    scheduler.load_timeout = std::chrono::seconds(7);
    scheduler.probation = std::chrono::seconds(8);
    scheduler.where = {"f.toml", 3, 4};
    RunnableImage image{"ref", "sha256:0", "/root", {"/e"}, {"c"}, {"A=b"}, "/w", 2, {{"l", "m"}}};
    record = {"lavd-1",
              42,
              77,
              88,
              "/sys/fs/cgroup/x",
              Instant(Duration(1234567)),
              WallTime(Duration(7654321)),
              {~0ULL, 5},
              {{scheduler, "gaming", {"--p"}}, image, 9}};
  }
};

TEST(Record, comes_back_as_it_was) {
  const auto back = parse_record(to_json(record));
  CHECK(back.has_value());
  STRCMP_EQUAL("lavd-1", back->id.c_str());
  CHECK_EQUAL(42, back->pid);
  CHECK_EQUAL(77U, back->start_ticks);
  CHECK_EQUAL(88U, back->mount_namespace);
  STRCMP_EQUAL("/sys/fs/cgroup/x", back->cgroup.c_str());
  CHECK(back->started == record.started);
  CHECK(back->started_wall == record.started_wall);
  CHECK(back->parked == record.parked);
  CHECK(back->request.choice == record.request.choice);
  CHECK(back->request.choice.scheduler->where == record.request.choice.scheduler->where);
  CHECK(back->request.image == record.request.image);
  CHECK_EQUAL(9U, back->request.hotplug_seq);
}

TEST(Record, a_tenure_comes_back_as_it_was) {
  Tenure tenure{.run = "lavd-1", .attached_at = Instant(Duration(77)), .ops = "lavd", .proved = true};
  CHECK(*parse_tenure(tenure_json(tenure)) == tenure);
  tenure.before = Choice{};
  CHECK(*parse_tenure(tenure_json(tenure)) == tenure);
  tenure.before = record.request.choice;
  tenure.proved = false;
  const auto text = tenure_json(tenure);
  CHECK(*parse_tenure(text) == tenure);
  for (std::size_t size = 0; size + 2 < text.size(); ++size)
    CHECK_FALSE(parse_tenure(text.substr(0, size)).has_value());
}

TEST(Record, is_read_from_its_directory) {
  const TemporaryDirectory directory;
  CHECK(read_record(directory.path()).error().code == Errc::not_found);
  CHECK(write_record(directory.path(), record).has_value());
  CHECK(read_record(directory.path()).has_value());
}

TEST(Record, every_cut_is_an_error) {
  const std::string text = to_json(record);
  for (std::size_t size = 0; size + 2 < text.size(); size += 7) {
    CHECK_FALSE(parse_record(text.substr(0, size)).has_value());
  }
}

TEST(Record, other_types_versions_and_pids_are_errors) {
  std::string text = to_json(record);
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string other = text;
    other.replace(other.find(from), from.size(), to);
    return parse_record(other);
  };
  CHECK(replaced("\"version\": 1", "\"version\": 2").error().code == Errc::unsupported);
  CHECK(replaced("\"pid\": 42", "\"pid\": \"x\"").error().code == Errc::invalid);
  CHECK(replaced("\"pid\": 42", "\"pid\": 0").error().code == Errc::invalid);
}

TEST(Record, a_reused_pid_is_not_the_process) {
  record.pid = ::getpid();
  record.start_ticks = *start_ticks(::getpid());
  CHECK_TRUE(is_alive(record));
  ++record.start_ticks;
  CHECK_FALSE(is_alive(record));
}
