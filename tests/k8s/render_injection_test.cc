// Whatever stands in a string of an object stays in that string: a rendered file gives schedkitd one scheduler and one
// rule with exactly these strings, or is refused. The strings are made of what ends strings, lines, comments and
// tables.
#include <random>

#include "core/base/text.h"
#include "tests/fakes/run_settings.h"
#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace schedkit::test;

namespace {

const std::vector<std::string> pieces{"\"",        "'",
                                      "\\",        "\n",
                                      "\r\n",      "\t",
                                      "#",         "]",
                                      "[",         "}",
                                      "{",         "=",
                                      "[[rules]]", "\"\"\"",
                                      "'''",       "\\u0022",
                                      "a",         "Z",
                                      "0",         ".",
                                      "-",         ",",
                                      "ä",         "\x7f",
                                      "\x01",      std::string(1, '\0'),
                                      "\u2028",    "profile = \"privileged\"",
                                      "kernel"};

class Strings {
 public:
  explicit Strings(unsigned seed) : random_(seed) {}
  std::string next() {
    std::string text = "x";
    for (auto count = random_() % 8; count > 0; --count) text += pieces[random_() % pieces.size()];
    return text;
  }

 private:
  std::mt19937 random_;
};

nlohmann::json object_with(Strings& strings) {
  return {
      {"apiVersion", "sked.schedkit.io/v1alpha1"},
      {"kind", "SchedPolicy"},
      {"metadata", {{"name", "games"}, {"uid", strings.next()}, {"generation", 1}}},
      {"spec",
       {{"rules",
         {{{"name", "r"},
           {"use",
            {{"image", "r.example/a:1"}, {"args", {strings.next(), strings.next()}}, {"env", {{"A", strings.next()}}}}},
           {"when",
            {{{"process",
               {{"comm", {strings.next()}}, {"cmdline", {strings.next()}}, {"env", {{"B", strings.next()}}}}}}}}}}}}}};
}

void check(unsigned seed) {
  Strings strings(seed);
  const auto object = object_with(strings);
  const auto context = fmt::format("seed {}", seed);
  const auto policy = read_policy(object);
  CHECK_TEXT(policy.has_value(), context.c_str());
  const auto rendered = render(*policy, {});
  CHECK_TEXT(rendered.has_value(), context.c_str());
  const auto& rule = object["spec"]["rules"][0];
  const auto header = read_header(rendered->text);
  CHECK_TEXT(header && header->source.uid == object["metadata"]["uid"], context.c_str());
  const auto parsed = as_schedkitd(rendered->text);
  if (!parsed.ok()) return;  // a NUL in an argument, for instance
  CHECK_EQUAL_TEXT(1, parsed.text.schedulers.size(), context.c_str());
  CHECK_EQUAL_TEXT(1, parsed.text.rules.size(), context.c_str());
  const auto& scheduler = parsed.text.schedulers[0];
  CHECK_TEXT(nlohmann::json(scheduler.args) == rule["use"]["args"], context.c_str());
  CHECK_TEXT(nlohmann::json(scheduler.env) == rule["use"]["env"], context.c_str());
  CHECK_TEXT(scheduler.profile == Profile::strict, context.c_str());
  const auto& process = std::get<ProcessCondition>(parsed.text.rules[0].rule.when.at(0).at(0));
  CHECK_TEXT(nlohmann::json(process.comm.globs) == rule["when"][0]["process"]["comm"], context.c_str());
  CHECK_TEXT(nlohmann::json(process.cmdline.globs) == rule["when"][0]["process"]["cmdline"], context.c_str());
}

}  // namespace

TEST_GROUP(RenderInjection){};

TEST(RenderInjection, strings_stay_strings) {
  const unsigned count = long_run() ? 100'000 : 1'000;
  for (unsigned seed = first_seed(); seed < first_seed() + count; ++seed) check(seed);
}
