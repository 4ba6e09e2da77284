// Every TOML block in the documentation and every example is one that the daemon accepts.
#include <filesystem>

#include "config/check_files.h"
#include "core/base/text.h"
#include "tests/config/helpers.h"

using namespace schedkit;
using namespace schedkit::test;

namespace {

struct Block {
  std::string file;  // as parse_text wants it
  std::string where;
  std::string text;
};

// Fenced blocks marked "toml" are policy files, those marked "toml schedkit.toml" settings.
std::vector<Block> blocks_of(const std::string& path) {
  std::vector<Block> blocks;
  const auto content = read_file(path, 1 << 20);
  if (!content) return blocks;
  bool inside = false;
  int line_number = 0;
  for (const auto line : split(*content, '\n')) {
    ++line_number;
    if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      blocks.back().text += std::string(line) + "\n";
    } else if (line.starts_with("```toml")) {
      inside = true;
      const bool settings = line.find("schedkit.toml") != std::string_view::npos;
      blocks.push_back({settings ? "schedkit.toml" : "x.toml", fmt::format("{}:{}", path, line_number), ""});
    }
  }
  return blocks;
}

std::string shipped(const std::string& path) { return SOURCE_ROOT "/" + path; }

}  // namespace

TEST_GROUP(Docs){};

TEST(Docs, every_block_is_accepted) {
  std::vector<std::string> pages{shipped("README.md")};
  for (const auto& entry : std::filesystem::directory_iterator(shipped("docs"))) {
    if (entry.path().extension() == ".md") pages.push_back(entry.path());
  }
  std::size_t count = 0;
  for (const auto& page : pages) {
    for (const auto& block : blocks_of(page)) {
      ++count;
      const auto parsed = parse_text(block.text, {block.file, block.where, PolicyLayer::admin});
      check_lines("", parsed.errors);
    }
  }
  CHECK(count >= 5);  // those of docs/policy.md
}

TEST(Docs, shipped_policies_have_neither_errors_nor_warnings) {
  const auto report = check_alone({shipped("config/policies")});
  STRCMP_EQUAL("", report.text().c_str());
  LONGS_EQUAL(6, report.report.files.size());
}

TEST(Docs, shipped_settings_are_the_defaults) {
  const auto text = read_file(shipped("config/schedkit.toml"), 1 << 16);
  CHECK(text.has_value());
  std::string uncommented;
  for (const auto line : split(*text, '\n')) {
    const bool setting = line.starts_with('#') && !line.starts_with("# ");
    uncommented += std::string(setting ? line.substr(1) : line) + "\n";
  }
  for (const auto& version : {*text, uncommented}) {
    const auto parsed = parse_text(version, {"schedkit.toml", "schedkit.toml", PolicyLayer::admin});
    check_lines("", parsed.errors);
    check_lines("", parsed.warnings);
    CHECK(parsed.text.settings->settings == Settings{});
  }
  CHECK(contains(uncommented, "\ncgroup-manager = "));
}
