// What other tools were configured with, as policy files. The texts beside are what the tools or their packages write;
// what must come of them is beside them too (*.policy).
#include "config/import.h"

#include "config/parse.h"
#include "tests/config/helpers.h"

using namespace schedkit;
using namespace schedkit::test;

namespace {

const std::string directory = SOURCE_ROOT "/tests/config/import/";

ImportSource source(const std::string& name) { return {name, *read_file(directory + name, 1 << 16)}; }

std::optional<std::string> image_of(const std::string& scheduler) {
  if (scheduler == "scx_unheard") return std::nullopt;
  return "ghcr.io/schedkit/" + scheduler;
}

void check_import(const Result<Imported>& imported, const std::string& golden) {
  CHECK_TEXT(imported.has_value(), imported ? "" : imported.error().describe().c_str());
  STRCMP_EQUAL(read_file(directory + golden, 1 << 16)->c_str(), imported->text.c_str());
  const auto parsed = parse_text(imported->text, {imported->name, imported->name, PolicyLayer::admin});
  STRCMP_EQUAL("", lines_of(parsed.errors).c_str());
}

void refused(const Result<Imported>& imported, const char* error) {
  CHECK_FALSE(imported.has_value());
  STRCMP_EQUAL(error, imported.error().describe().c_str());
}

}  // namespace

TEST_GROUP(Import){};

TEST(Import, scx_loader) {
  const auto imported = import_scx_loader(source("scx_loader.toml"), image_of);
  check_import(imported, "scx_loader.policy");
  check_lines(
      "scx_loader.toml:14:1: scheds.scx_lavd.\"turbo_mode\" is not known\n"
      "scx_loader.toml:16:9: the catalogue has no image of \"scx_unheard\"; ghcr.io/schedkit/scx_unheard is a guess\n",
      imported->notes);
}

TEST(Import, a_mode_that_scx_loader_has_built_in_is_said) {
  const auto imported = import_scx_loader({"f", "default_sched = \"scx_lavd\"\ndefault_mode = \"Gaming\"\n"}, image_of);
  CHECK_TRUE(imported.has_value());
  check_lines(
      "f:1:17: the arguments of mode gaming are built into scx_loader and not in this file; add them to \"scx_lavd\" "
      "as mode gaming\n",
      imported->notes);
  CHECK_TRUE(contains(imported->text, "use = \"scx_lavd\"\npriority = 0\n"));
  STRCMP_EQUAL("", lines_of(parse(imported->text).errors).c_str());
}

TEST(Import, scx_loader_without_a_default_only_defines) {
  const auto imported = import_scx_loader({"f", "[scheds.scx_lavd]\nauto_mode = [\"-v\"]\n"}, image_of);
  CHECK_TRUE(imported.has_value());
  CHECK_FALSE(contains(imported->text, "[[rules]]"));
  CHECK_TRUE(contains(imported->text, "args = [\"-v\"]"));
}

TEST(Import, what_scx_loader_would_not_take_is_an_error_with_its_place) {
  refused(import_scx_loader({"f", "default_sched = 3\n"}, image_of), "f:1:17: default_sched must be a string");
  refused(import_scx_loader({"f", "default_mode = \"Fast\"\n"}, image_of),
          "f:1:16: default_mode is \"Fast\"; it is one of Auto, Gaming, PowerSave, LowLatency and Server");
  refused(import_scx_loader({"f", "scheds = 1\n"}, image_of), "f:1:10: scheds must be a table");
  refused(import_scx_loader({"f", "[scheds]\nscx_lavd = []\n"}, image_of), "f:2:12: scheds.scx_lavd must be a table");
  refused(import_scx_loader({"f", "[scheds.a]\nauto_mode = \"-v\"\n"}, image_of),
          "f:2:13: auto_mode must be a list of strings");
  refused(import_scx_loader({"f", "[scheds.a]\nauto_mode = [1]\n"}, image_of), "f:2:14: flags must be strings");
  CHECK_FALSE(import_scx_loader({"f", "default_sched = \n"}, image_of).has_value());
}

TEST(Import, scx_service) {
  const auto imported = import_scx_service(source("scx_service"), image_of);
  check_import(imported, "scx_service.policy");
  check_lines("scx_service:6:1: \"RUST_LOG\" has no counterpart\n", imported->notes);
}

TEST(Import, environment_files_are_read_as_systemd_does) {
  const auto imported = import_scx_service(
      {"f", "; a comment\n  SCX_SCHEDULER = \"/usr/bin/scx_lavd\"\nSCX_FLAGS=-a\\\n -b 'c  d'\"e\" \\\"f\n"}, image_of);
  CHECK_TRUE(imported.has_value());
  CHECK_TRUE(contains(imported->text, "[schedulers.\"scx_lavd\"]"));
  CHECK_TRUE(contains(imported->text, R"(args = ["-a", "-b", "c", "de", "\"f"])"));
  refused(import_scx_service({"f", "SCX_FLAGS=-v\n"}, image_of),
          "f: SCX_SCHEDULER is not set; without it scx.service starts nothing");
  refused(import_scx_service({"f", "\nSCX_SCHEDULER\n"}, image_of), "f:2:1: this line is no NAME=VALUE");
  refused(import_scx_service({"f", "SCX_SCHEDULER='scx_lavd\n"}, image_of), "f:1:1: a quote is not closed");
}

TEST(Import, falcond) {
  std::vector<ImportSource> sources{source("falcond/config.conf")};
  for (const auto* name : {"cs2", "forza", "proton", "quiet"}) {
    sources.push_back(source(std::string("falcond/profiles/") + name + ".conf"));
  }
  const auto imported = import_falcond(sources, image_of);
  check_import(imported, "falcond.policy");
  LONGS_EQUAL(8, imported->notes.size());
}

TEST(Import, of_two_profiles_for_a_name_the_first_counts) {
  const ImportSource one{"a.conf", "name = x\nscx_sched = lavd\n"};
  const ImportSource two{"b.conf", "name = x\nscx_sched = rusty\n"};
  const auto imported = import_falcond({one, two}, image_of);
  CHECK_TRUE(imported.has_value());
  CHECK_FALSE(contains(imported->text, "[schedulers.\"scx_rusty\"]"));
  check_lines("b.conf:1:1: \"x\" has a profile already: the first counts\n", imported->notes);
}

TEST(Import, what_is_no_profile_is_an_error_with_its_place) {
  refused(import_falcond({{"f", "name = x\nscx_sched\n"}}, image_of), "f:2:1: this line is no `key = value`");
  refused(import_falcond({{"f", "name = \"x\n"}}, image_of), "f:1:1: a quote is not closed");
  refused(import_falcond({{"f", "vcache_mode = none\n"}}, image_of),
          "none of f is a profile that asks for a scheduler");
}
