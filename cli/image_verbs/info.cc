#include <sys/utsname.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/image_verbs/blocking_registry.h"
#include "cli/image_verbs/image_verb.h"
#include "cli/image_verbs/local_trust.h"
#include "core/base/text.h"
#include "core/bus/names.h"
#include "core/image/json.h"
#include "core/image/present_image.h"
#include "core/image/runnable.h"

namespace schedkit {
namespace {

struct Options {
  std::string name;
  std::string output = "text";
};

struct Info {
  NamedImage named;
  Digest top;
  LoadedImage image;
  std::string created;
  std::map<std::string, std::string> labels;
  std::uint64_t size = 0;  // of the layers, as they are fetched
  ImageAge age;
  std::string problem;  // why it would not run here
  Result<TrustRecord> trust = fail(Errc::failed, "nobody was asked");
};

struct Label {
  const char* key;   // of upstream's JSON
  const char* word;  // for people
  const char* label;
};
constexpr Label known_labels[] = {
    {"title", "title", "org.opencontainers.image.title"},
    {"description", "description", "org.opencontainers.image.description"},
    {"documentation", "documentation", "org.opencontainers.image.documentation"},
    {"source_url", "source", "org.opencontainers.image.source"},
    {"version", "version", "org.opencontainers.image.version"},
    {"revision", "revision", "org.opencontainers.image.revision"},
    {"authors", "authors", "org.opencontainers.image.authors"},
    {"licenses", "licenses", "org.opencontainers.image.licenses"},
    {"vendor", "vendor", "org.opencontainers.image.vendor"},
    {"kernel_min_version", "kernel floor", "org.schedkit.scheduler.kernel.min-version"},
};

std::string created_of(const std::string& config) {
  const auto json = parse_json(config, ImageLimits().document_bytes);
  if (!json || !json->is_object()) return "";
  const auto found = json->find("created");
  return found != json->end() && found->is_string() ? found->get<std::string>() : "";
}

std::string problem_of(const Result<RunnableImage>& runnable) {
  if (!runnable) return runnable.error().describe();
  utsname system{};
  ::uname(&system);
  const auto fits = require_kernel(*runnable, system.release);
  return fits ? "" : fits.error().describe();
}

Result<Info> fetch(BlockingRegistry& registry, NamedImage named) {
  auto top = registry.manifest(named.reference);
  if (!top) return fail(std::move(top.error()));
  RemoteDocuments documents(registry, named.reference);
  const Descriptor descriptor{.media_type = top->media_type, .digest = top->digest, .size = top->bytes.size()};
  documents.keep(top->digest, std::move(top->bytes));
  auto image = load_image(documents, descriptor, host_platform(), {});
  if (!image) return fail(with_context(std::move(image.error()), named.reference.to_string()));
  Info info{.named = std::move(named), .top = top->digest, .image = std::move(*image), .labels = {}};
  info.created = created_of(documents.text(info.image.manifest.config.digest));
  info.labels = info.image.config.labels;
  info.labels.insert(info.image.manifest.annotations.begin(), info.image.manifest.annotations.end());
  for (const Descriptor& layer : info.image.manifest.layers) info.size += layer.size;
  const auto runnable = make_runnable(info.image.config, info.image.manifest.annotations);
  if (runnable) info.age = age_of(*runnable, info.image.config.created);
  info.problem = problem_of(runnable);
  return info;
}

// Not being able to ask is none.
bool is_verdict(const Result<TrustRecord>& trust) { return trust || trust.error().code == Errc::denied; }

// What vouches for it, or why it is not believed; one line each.
std::vector<std::string> reasons_of(const Result<TrustRecord>& trust) {
  if (!trust) return {trust.error().describe()};
  std::vector<std::string> reasons;
  for (const TrustProof& proof : trust->proofs) reasons.push_back(describe(proof));
  return reasons;
}

// Upstream's schema "1"; added: manifest_digest, size, labels, trusted (left out when that is not known), trust, problem.
std::string as_json(const Info& info, const std::string& name) {
  nlohmann::ordered_json json{{"schema_version", "1"},
                              {"scheduler", name},
                              {"source", info.named.from_catalog ? "manifest" : "direct"},
                              {"image_ref", info.named.reference.to_string()},
                              {"digest", info.top.to_string()}};
  if (!info.created.empty()) json["created"] = info.created;
  json["architecture"] = info.image.config.platform.architecture;
  json["os"] = info.image.config.platform.os;
  for (const Label& known : known_labels) {
    if (const auto found = info.labels.find(known.label); found != info.labels.end()) json[known.key] = found->second;
  }
  json["manifest_digest"] = info.image.digest.to_string();
  json["size"] = info.size;
  json["labels"] = info.labels;
  if (is_verdict(info.trust)) json["trusted"] = info.trust.has_value();
  json["trust"] = reasons_of(info.trust);
  if (!info.problem.empty()) json["problem"] = info.problem;
  return json.dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string as_text(const Info& info) {
  std::string text;
  const auto line = [&](std::string_view word, const std::string& value) {
    if (!value.empty()) text += fmt::format("{:<14} {}\n", std::string(word) + ":", bus::printable(value));
  };
  line("image", info.named.reference.to_string());
  line("digest", info.top.to_string());
  if (info.image.digest != info.top) line("manifest", info.image.digest.to_string());
  line("platform", info.image.config.platform.to_string());
  line("created", info.created);
  line("size", format_size(info.size));
  for (const Label& known : known_labels) {
    if (const auto found = info.labels.find(known.label); found != info.labels.end()) line(known.word, found->second);
  }
  for (const auto& [key, value] : info.labels) {
    const bool shown = std::ranges::any_of(known_labels, [&](const Label& known) { return key == known.label; });
    if (!shown) line("label", key + "=" + value);
  }
  line("trusted", info.trust ? "yes" : is_verdict(info.trust) ? "no" : "not known");
  for (const std::string& reason : reasons_of(info.trust)) line("because", reason);
  line("runs here", info.problem.empty() ? "yes" : "no: " + info.problem);
  return text;
}

int info(const Options& options, const std::string& root) {
  auto named = find_named(options.name);
  if (!named) return image_failed(named.error());
  auto registry = BlockingRegistry::open(root);
  if (!registry) return image_failed(registry.error());
  auto found = fetch(**registry, std::move(*named));
  if (!found) return image_failed(found.error());
  found->trust = judge_trust(root, {.reference = found->named.reference,
                                    .top = found->top,
                                    .platform = found->image.digest,
                                    .age = found->age,
                                    .known = std::nullopt,
                                    .options = {}});
  return print(options.output == "json" ? as_json(*found, options.name) : as_text(*found)) ? exit_done : exit_failed;
}

}  // namespace

void add_info(CLI::App& app, ImageSession& session) {
  auto* verb = app.add_subcommand("info", "Show what an image in a registry is, before it is pulled");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("name", options->name, "A name of the catalogue, or REGISTRY/REPOSITORY[:TAG][@DIGEST]")
      ->required()
      ->type_name("NAME|REFERENCE");
  add_output(*verb, options->output);
  verb->footer(
      "Fetches the image's documents alone, and says whether [trust] believes who signed them.\n\nExamples:\n"
      "  schedctl info scx_lavd\n  schedctl info ghcr.io/schedkit/scx_rusty:1.1.0 -o json");
  verb->callback(
      [&session, options] { session.action = [&session, options] { return info(*options, session.root); }; });
}

}  // namespace schedkit
