#include "config/check.h"

#include "tests/config/helpers.h"

using namespace schedkit;
using namespace schedkit::test;

TEST_GROUP(Check) {
  static Candidate candidate(PolicyLayer layer, const std::string& name, std::string_view text) {
    Candidate made;
    made.layer = layer;
    made.name = name;
    made.path = fmt::format("{}/{}", to_string(layer), name);
    made.is_mask = text.empty();
    made.current = parse_text(text, {name, made.path, layer});
    return made;
  }
  static std::string image_of(const Policy& policy, std::string_view rule_id) {
    for (const auto& rule : policy.rules) {
      if (rule.id() == rule_id) return rule.use.scheduler ? rule.use.scheduler->image : "kernel";
    }
    return "no such rule";
  }
  static std::string scheduler(const std::string& name, const std::string& image, const std::string& rest = "") {
    return fmt::format("[schedulers.{}]\nimage = \"{}\"\n{}", name, image, rest);
  }
  static constexpr auto vendor = PolicyLayer::vendor;
  static constexpr auto runtime = PolicyLayer::runtime;
  static constexpr auto admin = PolicyLayer::admin;
};

TEST(Check, use_means_own_file_then_higher_layers) {
  const auto checked = check_policy(
      {candidate(vendor, "a.toml", scheduler("s", "oci:/vendor:t")),
       candidate(runtime, "b.toml", scheduler("s", "oci:/runtime:t")), candidate(admin, "c.toml", using_file("r", "s")),
       candidate(vendor, "d.toml", scheduler("s2", "oci:/own:t") + using_file("r", "s2"))});
  STRCMP_EQUAL("oci:/runtime:t", image_of(checked.policy, "c.toml/r").c_str());
  STRCMP_EQUAL("oci:/own:t", image_of(checked.policy, "d.toml/r").c_str());
  STRCMP_EQUAL("oci:/runtime:t", checked.policy.find("s")->image.c_str());
  LONGS_EQUAL(1, checked.outcomes[2].borrowed.size());
}

TEST(Check, an_image_reference_is_an_anonymous_scheduler) {
  const auto checked =
      check_policy({candidate(admin, "a.toml", using_file("r", "oci:/i:t") + using_file("k", "kernel"))});
  check_lines("", checked.outcomes[0].errors);
  STRCMP_EQUAL("oci:/i:t", checked.policy.rules.at(0).use.name().c_str());
  CHECK(checked.policy.rules.at(1).use.is_kernel());
}

TEST(Check, an_undefined_use_leaves_the_file_out) {
  const auto checked = check_policy({candidate(admin, "a.toml", scheduler("lavd", "oci:/i:t")),
                                     candidate(admin, "b.toml", using_file("r", "lavdd"))});
  check_lines(
      "admin/b.toml:3:7: use is \"lavdd\", but no policy file defines [schedulers.lavdd]; did you mean \"lavd\"?\n",
      checked.outcomes[1].errors);
  CHECK(checked.outcomes[1].state == PolicyFileState::rejected);
  CHECK(checked.policy.rules.empty());
  LONGS_EQUAL(1, checked.policy.schedulers.size());
}

TEST(Check, an_undefined_mode_names_those_there_are) {
  const auto text = scheduler("s", "oci:/i:t", "modes = { fast = [], slow = [] }\n") +
                    "[[rules]]\nname = \"r\"\nuse = \"s\"\nmode = \"quick\"\n";
  const auto checked = check_policy({candidate(admin, "a.toml", text)});
  check_lines("admin/a.toml:7:8: scheduler \"s\" has no mode \"quick\"; it defines: fast, slow\n",
              checked.outcomes[0].errors);
}

TEST(Check, the_later_file_of_a_directory_loses_a_name) {
  const auto checked = check_policy({candidate(admin, "b.toml", complete_file("s", "late")),
                                     candidate(admin, "a.toml", complete_file("s", "early"))});
  check_lines(
      "admin/b.toml:1:13: scheduler \"s\" is already defined at admin/a.toml:1; remove one or give it another name\n",
      checked.outcomes[0].errors);
  LONGS_EQUAL(1, checked.policy.rules.size());
  STRCMP_EQUAL("a.toml/early", checked.policy.rules[0].id().c_str());
}

TEST(Check, a_name_of_a_lower_layer_is_no_conflict) {
  const auto checked = check_policy(
      {candidate(vendor, "a.toml", complete_file("s", "low")), candidate(admin, "b.toml", complete_file("s", "high"))});
  check_lines("", checked.outcomes[0].errors);
  check_lines("", checked.outcomes[1].errors);
  LONGS_EQUAL(2, checked.policy.rules.size());
}

TEST(Check, a_layer_below_without_the_mode_is_passed_over) {
  const auto with_mode = "[[rules]]\nname = \"r\"\nuse = \"s\"\nmode = \"m\"\n";
  const auto checked = check_policy({candidate(vendor, "a.toml", scheduler("s", "oci:/vendor:t", "modes.m = []\n")),
                                     candidate(runtime, "b.toml", scheduler("s", "oci:/runtime:t")),
                                     candidate(admin, "c.toml", with_mode)});
  check_lines("", checked.outcomes[2].errors);
  STRCMP_EQUAL("oci:/vendor:t", image_of(checked.policy, "c.toml/r").c_str());
}

TEST(Check, a_failing_file_takes_those_that_need_it_with_it) {
  const auto checked = check_policy({candidate(admin, "a.toml", scheduler("s", "oci:/i:t") + using_file("r", "none")),
                                     candidate(admin, "b.toml", using_file("r", "s"))});
  CHECK(checked.outcomes[0].state == PolicyFileState::rejected);
  CHECK(checked.outcomes[1].state == PolicyFileState::rejected);
  CHECK(checked.policy.rules.empty());
  CHECK(checked.policy.fallback.is_kernel());
}

TEST(Check, default_is_resolved) {
  auto settings = candidate(admin, "schedkit.toml", "default = \"s\"\n");
  const auto good = check_policy({settings, candidate(vendor, "a.toml", scheduler("s", "oci:/i:t"))});
  STRCMP_EQUAL("s", good.policy.fallback.name().c_str());
  const auto bad = check_policy({settings});
  check_lines("admin/schedkit.toml:1:11: default is \"s\", but no policy file defines [schedulers.s]; known: kernel\n",
              bad.outcomes[0].errors);
  CHECK(bad.policy.fallback.is_kernel());
  CHECK(bad.policy.settings == Settings{});
}

TEST(Check, unreachable_rules_warn) {
  const auto text =
      "[[rules]]\nname = \"always\"\nuse = \"kernel\"\npriority = 50\n" + using_file("high", "kernel") +
      "[[rules]]\nname = \"low\"\nuse = \"kernel\"\npriority = 49\nwhen.process.comm = \"x\"\n" +
      "[[rules]]\nname = \"self\"\nuse = \"kernel\"\nwhen.process.comm = \"x\"\nunless.process.comm = \"x\"\n";
  const auto checked = check_policy({candidate(admin, "a.toml", text)});
  check_lines("", checked.outcomes[0].errors);
  check_lines(
      "admin/a.toml:10:1: rule \"low\" (priority 49) never wins: a.toml/always always holds with priority 50; raise "
      "one or give the other a `when`\n"
      "admin/a.toml:15:1: rule \"self\" never holds: whenever its `when` does, its `unless` does too\n",
      checked.outcomes[0].warnings);
}

TEST(Check, the_file_that_passes_a_limit_is_left_out) {
  std::vector<Candidate> candidates;
  std::string many;
  for (int i = 0; i < 1000; ++i) many += fmt::format("[[rules]]\nname = \"r{}\"\nuse = \"kernel\"\n", i);
  for (const auto* name : {"a.toml", "b.toml", "c.toml", "d.toml"}) candidates.push_back(candidate(vendor, name, many));
  candidates.push_back(candidate(admin, "z.toml", many));
  const auto checked = check_policy(candidates);
  LONGS_EQUAL(4000, checked.policy.rules.size());
  CHECK(checked.outcomes[4].state == PolicyFileState::loaded);
  check_lines("vendor/d.toml: with this file there are more than 4096 rules or 1024 schedulers; remove some\n",
              checked.outcomes[3].errors);
}
