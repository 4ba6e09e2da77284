#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "cli/image_verbs/blocking_registry.h"
#include "cli/image_verbs/image_verb.h"
#include "cli/verbs/images_text.h"
#include "core/base/text.h"
#include "core/image/push_plan.h"

namespace schedkit {
namespace {

struct Options {
  std::string from;
  std::string to;
  std::string output = "text";
};

struct Route {
  Reference from;
  Reference to;
};

Result<Route> parse(const Options& options) {
  auto from = parse_reference(options.from);
  if (!from) return fail(std::move(from.error()));
  if (from->kind != Reference::Kind::layout) {
    return fail(Errc::invalid, "{} is no layout on this machine; write oci:/path:tag", quote(options.from));
  }
  auto to = parse_policy_reference(options.to);
  if (!to) return fail(std::move(to.error()));
  if (to->kind != Reference::Kind::registry || to->digest) {
    return fail(Errc::invalid, "{} must be REGISTRY/REPOSITORY:TAG", quote(options.to));
  }
  return Route{std::move(*from), std::move(*to)};
}

// All at once; the connections are limited by the client.
Result<void> send_blobs(BlockingRegistry& registry, const Layout& layout, const Reference& to,
                        const std::vector<Descriptor>& blobs) {
  std::vector<RegistryCallPtr> calls;
  std::size_t left = blobs.size();
  std::optional<Error> error;
  for (const Descriptor& blob : blobs) {
    calls.push_back(registry.client().push_blob(to, blob, layout.blob_path(blob.digest), [&](Result<void> sent) {
      --left;
      if (!sent && !error) error = std::move(sent.error());
    }));
  }
  while (left > 0 && !error && registry.loop().run_once(true)) {
  }
  return error ? Result<void>(fail(std::move(*error))) : Result<void>();
}

Result<Digest> send(BlockingRegistry& registry, const Route& route) {
  auto layout = Layout::open(route.from.path);
  if (!layout) return fail(std::move(layout.error()));
  auto top = layout->find(route.from, host_platform());
  if (!top) return fail(std::move(top.error()));
  auto plan = plan_push(*layout, *top, {});
  if (!plan) return fail(std::move(plan.error()));
  if (auto sent = send_blobs(registry, *layout, route.to, plan->blobs); !sent) return fail(std::move(sent.error()));
  for (const auto& document : plan->manifests) {
    Reference name = route.to;
    const bool is_top = &document == &plan->manifests.back();
    if (!is_top) {
      name.tag.clear();
      name.digest = document.descriptor.digest;
    }
    auto sent = registry.wait<Digest>([&](auto done) {
      return registry.client().push_manifest(name, document.bytes, document.descriptor.media_type, std::move(done));
    });
    if (!sent || is_top) return sent;
  }
  return fail(Errc::failed, "there was nothing to send");
}

int push(const Options& options, const std::string& root) {
  const auto route = parse(options);
  if (!route) return image_failed(route.error());
  auto registry = BlockingRegistry::open(root);
  if (!registry) return image_failed(registry.error());
  const auto digest = send(**registry, *route);
  if (!digest) return image_failed(digest.error());
  return report_image(route->to.to_string(), digest->to_string(), options.output);
}

}  // namespace

void add_push(CLI::App& app, ImageSession& session) {
  auto* verb = app.add_subcommand("push", "Send an image from a layout on this machine to a registry");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("from", options->from, "oci:/path/to/layout:tag, as `schedctl pack` made it")
      ->required()
      ->type_name("LAYOUT");
  verb->add_option("to", options->to, "REGISTRY/REPOSITORY:TAG")->required()->type_name("REFERENCE");
  add_output(*verb, options->output);
  verb->footer(
      "Everything is read and checked first; what the registry has is not sent again. All platforms of an index are "
      "sent. Credentials: auth.json, as containers tools keep them (skopeo login).\n\nExamples:\n"
      "  schedctl push oci:/tmp/mine:1.0 registry.lan:5000/scheds/mine:1.0\n"
      "  schedctl push oci:$PWD/layout:latest ghcr.io/me/scx_mine:latest");
  verb->callback(
      [&session, options] { session.action = [&session, options] { return push(*options, session.root); }; });
}

}  // namespace schedkit
