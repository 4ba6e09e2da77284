#include "core/source/process_facts.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <CppUTest/TestHarness.h>

using namespace schedkit;

namespace {

struct FakeProcess {
  int pid = 100;
  std::string comm = "game";
  char state = 'S';
  int parent = 1;
  unsigned flags = 0x400000;
  int threads = 1;
  unsigned long long start = 4711;
};

std::string stat_line(const FakeProcess& process) {
  return fmt::format("{} ({}) {} {} 1 1 0 -1 {} 0 0 0 0 0 0 0 0 20 0 {} 0 {} 1 1 1\n", process.pid, process.comm,
                     process.state, process.parent, process.flags, process.threads, process.start);
}

}  // namespace

TEST_GROUP(ProcessFacts) {
  std::string root;

  void setup() override {
    std::string pattern = "/tmp/schedkit-proc.XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    root = pattern;
  }
  void teardown() override { std::filesystem::remove_all(root); }

  void write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = root + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }

  void add(const FakeProcess& process, const std::string& exe = "/usr/bin/game") {
    const auto directory = std::to_string(process.pid);
    write(directory + "/stat", stat_line(process));
    if (!exe.empty()) std::filesystem::create_symlink(exe, root + "/" + directory + "/exe");
  }
};

TEST(ProcessFacts, StatLineWithSpacesAndParenthesesInTheName) {
  const auto stat = parse_process_stat(stat_line({.comm = "a) R (b\n c"}));
  CHECK(stat.has_value());
  STRCMP_EQUAL("a) R (b\n c", stat->comm.c_str());
  CHECK(stat->id == (ProcessId{100, 4711}));
  LONGS_EQUAL(1, stat->parent);
  LONGS_EQUAL(0x400000, stat->flags);
  BYTES_EQUAL('S', stat->state);
}

TEST(ProcessFacts, WhatIsNoStatLineIsRefused) {
  for (const std::string text :
       {"", "1", "1 (a", ") 1 (", "1 (a) S 1 2 3", "x (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5"}) {
    CHECK_FALSE(parse_process_stat(text).has_value());
  }
  const std::string whole = stat_line({});
  for (std::size_t size = 0; size < whole.find(" 4711"); ++size) {
    CHECK_FALSE(parse_process_stat(whole.substr(0, size)).has_value());
  }
}

TEST(ProcessFacts, UnifiedCgroup) {
  STRCMP_EQUAL("/user.slice/a:b", unified_cgroup("0::/user.slice/a:b\n").c_str());
  STRCMP_EQUAL("/x", unified_cgroup("9:name=systemd:/y\n1:cpu:/\n0::/x\n").c_str());
  STRCMP_EQUAL("", unified_cgroup("9:name=systemd:/y\n").c_str());
}

TEST(ProcessFacts, ArgumentsAndEnvironment) {
  using namespace std::string_literals;
  STRCMP_EQUAL("a b  c", join_arguments("a\0b\0\0c\0\0"s).c_str());
  const auto whole = parse_environment("A=1\0none\0B=x=y\0=odd\0C=\0"s, true);
  LONGS_EQUAL(3, whole.size());
  STRCMP_EQUAL("x=y", whole[1].second.c_str());
  LONGS_EQUAL(1, parse_environment("A=1\0B=cut"s, false).size());
  LONGS_EQUAL(2, parse_environment("A=1\0B=cut"s, true).size());
}

TEST(ProcessFacts, UserWithoutANameIsANumber) {
  UserNames users;
  STRCMP_EQUAL("root", users.name(0).c_str());
  STRCMP_EQUAL("3999999999", users.name(3999999999U).c_str());
}

TEST(ProcessFacts, AllFactsAreRead) {
  add({.pid = 1, .comm = "systemd", .parent = 0});
  add({.pid = 50, .comm = "a shell", .parent = 1});
  add({.parent = 50}, "/opt/x/game (deleted)");
  write("100/status", "Name:\tgame\nUid:\t0\t5\t5\t5\n");
  write("100/cmdline", std::string("game\0--fast\0", 12));
  write("100/cgroup", "3:cpu:/a\n0::/games\n");
  write("100/environ", std::string("SteamAppId=7\0", 13));
  ProcessReader reader(root);
  const auto process = reader.read(100, {true, true, true, true, true, true});
  CHECK(process.has_value());
  STRCMP_EQUAL("game", process->exe_name.c_str());
  STRCMP_EQUAL("/opt/x/game", process->exe.c_str());
  STRCMP_EQUAL("game --fast", process->cmdline.c_str());
  STRCMP_EQUAL("root", process->user.c_str());
  STRCMP_EQUAL("/games", process->cgroup.c_str());
  CHECK(process->ancestors == (std::vector<std::string>{"a shell", "systemd"}));
  STRCMP_EQUAL("7", process->environment.at(0).second.c_str());
}

TEST(ProcessFacts, FactsNotAskedForOrHiddenStayEmpty) {
  add({}, "");
  ProcessReader reader(root);
  const auto process = reader.read(100, {true, true, true, true, true, true});
  CHECK(process.has_value());
  CHECK(process->exe.empty() && process->user.empty() && process->environment.empty());
  CHECK_FALSE(reader.read(ProcessId{100, 1}, {}).has_value());
}

TEST(ProcessFacts, AFileNamedDeletedKeepsItsName) {
  write("bin/odd (deleted)", "x");
  add({}, root + "/bin/odd (deleted)");
  STRCMP_EQUAL("odd (deleted)", ProcessReader(root).glance(100)->exe_name.c_str());
}

TEST(ProcessFacts, KernelThreadsAndTheDeadAreNone) {
  add({.pid = 2, .comm = "kthreadd", .flags = 0x208040});
  add({.pid = 3, .state = 'Z'});
  add({.pid = 4, .flags = 0x400004});
  ProcessReader reader(root);
  for (const int pid : {2, 3, 4, 5}) CHECK_FALSE(reader.read(pid, {}).has_value());
}

TEST(ProcessFacts, ProcessWhoseFirstThreadEndedLives) {
  add({.state = 'Z', .flags = 0x40000c, .threads = 2}, "");
  write("100/task/100/stat", stat_line({.state = 'Z', .flags = 0x40000c, .threads = 2}));
  write("100/task/101/stat", stat_line({.pid = 101, .threads = 2}));
  std::filesystem::create_symlink("/opt/game", root + "/100/task/101/exe");
  ProcessReader reader(root);
  STRCMP_EQUAL("game", reader.read(100, {})->exe_name.c_str());
  write("100/task/101/stat", stat_line({.pid = 101, .flags = 4, .threads = 2}));
  CHECK_FALSE(reader.alive({100, 4711}));
}

TEST(ProcessFacts, ScanClaimsBeforeItReadsAndDropsWhatEndedMeanwhile) {
  add({.pid = 10});
  add({.pid = 11});
  add({.pid = 12, .comm = "other"}, "/bin/other");
  ProcessFilter filter;
  filter.exact = {"game"};
  ProcessReader reader(root);
  std::vector<int> claimed;
  const auto found = scan_processes(reader, filter, [&](const ProcessId& id) {
    claimed.push_back(id.pid);
    if (id.pid == 10) std::filesystem::remove_all(root + "/10");
  });
  LONGS_EQUAL(2, claimed.size());
  LONGS_EQUAL(1, found.size());
  LONGS_EQUAL(11, found[0].id.pid);
}

TEST(ProcessFacts, ScanFindsWhatBeganBehindIt) {
  add({.pid = 10});
  ProcessFilter filter;
  filter.exact = {"game"};
  ProcessReader reader(root);
  const auto found = scan_processes(reader, filter, [&](const ProcessId& id) {
    if (id.pid < 13) add({.pid = id.pid + 1, .start = 5000});
  });
  LONGS_EQUAL(4, found.size());
}

TEST(ProcessFacts, OurselvesInTheRealProc) {
  ProcessReader reader;
  const auto self = reader.read(::getpid(), {true, true, true, true, true, true});
  CHECK(self.has_value());
  STRCMP_EQUAL("core_source_test", self->exe_name.c_str());
  CHECK(reader.alive(self->id));
  CHECK_FALSE(reader.alive({self->id.pid, self->id.start_ticks + 1}));
  CHECK_FALSE(self->ancestors.empty());
}
