#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>
#include <optional>

#include "cli/image_verbs/image_verb.h"
#include "cli/verbs/catalog.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/net/http.h"
#include "core/net/url.h"

namespace schedkit {
namespace {

// Upstream's, https://github.com/schedkit/plumbing.
constexpr const char* published = "https://raw.githubusercontent.com/schedkit/plumbing/refs/heads/main/manifest.json";
constexpr std::size_t most_bytes = 1u << 20;

struct Options {
  std::string from = published;
  std::string output = "text";
};

Result<std::string> download(const std::string& from) {
  auto url = parse_url(from);
  if (!url) return fail(std::move(url.error()));
  HttpRequest request{.url = url->to_string(), .body_limit = most_bytes, .total_timeout = std::chrono::seconds(60)};
  request.plain_http = host_kind(url->host) == HostKind::loopback;
  Loop loop;
  HttpClient http(loop);
  std::optional<Result<HttpAnswer>> answer;
  const auto transfer = http.start(std::move(request), {.on_done = [&](Result<HttpAnswer> got) { answer = got; }});
  while (!answer && loop.run_once(true)) {
  }
  if (!answer) return fail(Errc::failed, "{} gave no answer", from);
  if (!*answer) return fail(with_context(std::move(answer->error()), from));
  if ((*answer)->status != 200) return fail(Errc::failed, "{} answers with status {}", from, (*answer)->status);
  return std::move((*answer)->body);
}

// What would make a refreshed catalogue useless is found before it replaces the one that works.
Result<Catalog> check(const std::string& text, const std::string& from) {
  auto catalog = parse_catalog(text, from);
  if (!catalog) return catalog;
  if (catalog->empty()) return fail(Errc::invalid, "{} names no scheduler", from);
  for (const auto& [name, image] : *catalog) {
    auto reference = parse_policy_reference(image);
    if (reference && reference->kind != Reference::Kind::registry) {
      reference = fail(Errc::denied, "{} is not in a registry", quote(image));
    }
    if (!reference) return fail(with_context(std::move(reference.error()), from + ": " + quote(name, 60)));
  }
  return catalog;
}

Result<Catalog> refresh(const std::string& from) {
  auto file = refreshed_catalog();
  if (!file) return fail(std::move(file.error()));
  auto text = download(from);
  if (!text) return fail(std::move(text.error()));
  auto catalog = check(*text, from);
  if (!catalog) return catalog;
  if (auto made = make_directories(file->substr(0, file->rfind('/'))); !made) return fail(std::move(made.error()));
  if (auto written = write_file_atomic(*file, *text, 0644); !written) return fail(std::move(written.error()));
  return catalog;
}

}  // namespace

void add_refresh(CLI::App& app, ImageSession& session) {
  auto* verb = app.add_subcommand("refresh-catalog", "Fetch the published catalogue, then list it");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("--from", options->from, "Where it is published")->type_name("URL")->capture_default_str();
  add_output(*verb, options->output);
  verb->callback([&session, options] {
    session.action = [options]() -> int {
      const auto catalog = refresh(options->from);
      if (!catalog) {
        complain(catalog.error().describe());
        complain("the catalogue stays as it was");
        return exit_failed;
      }
      return print(catalog_text(*catalog, options->output == "json")) ? exit_done : exit_failed;
    };
  });
}

}  // namespace schedkit
