#include "core/image/push_plan.h"

#include <set>
#include <utility>

#include "core/image/json.h"

namespace schedkit {
namespace {

constexpr int deepest = 2;  // indexes nested in the top
constexpr std::size_t most_documents = 1024;

Result<void> check_blob(Layout& layout, const Descriptor& blob) {
  auto source = layout.open_blob(blob);
  if (!source) return fail(std::move(source.error()));
  std::string buffer(256u << 10, '\0');
  for (;;) {
    auto got = (*source)->read(buffer.data(), buffer.size());
    if (!got) return fail(std::move(got.error()));
    if (*got == 0) return {};
  }
}

class Planner {
 public:
  Planner(Layout& layout, const ImageLimits& limits) : layout_(layout), limits_(limits) {}

  Result<void> add(const Descriptor& descriptor, int depth) {
    if (!seen_.insert(descriptor.digest).second) return {};
    if (depth > deepest || seen_.size() > most_documents) {
      return fail(Errc::limit, "{} has too many parts to be sent", descriptor.digest.to_string());
    }
    auto text = read_document(layout_, descriptor, limits_);
    if (!text) return fail(std::move(text.error()));
    auto kind = check_document(*text, descriptor.media_type, limits_);
    if (!kind) return fail(with_context(std::move(kind.error()), descriptor.digest.to_string()));
    auto parts = *kind == DocumentKind::index ? add_index(*text, depth) : add_manifest(*text);
    if (!parts) return fail(with_context(std::move(parts.error()), descriptor.digest.to_string()));
    plan.manifests.push_back({descriptor, std::move(*text)});
    return {};
  }

  PushPlan plan;

 private:
  Result<void> add_index(const std::string& text, int depth) {
    auto document = parse_document(text, "", limits_);
    if (!document) return fail(std::move(document.error()));
    for (const Descriptor& part : std::get<Index>(*document).manifests) {
      if (auto added = add(part, depth + 1); !added) return added;
    }
    return {};
  }

  // Of any type, runnable or not.
  Result<void> add_manifest(const std::string& text) {
    auto json = parse_json(text, limits_.document_bytes);
    if (!json) return fail(std::move(json.error()));
    JsonFields fields(*json, "manifest");
    std::vector<Json> parts = {fields.object("config")};
    for (const Json& layer : fields.array("layers")) parts.push_back(layer);
    if (auto done = fields.done(); !done) return done;
    for (const Json& part : parts) {
      if (auto added = add_blob(part); !added) return added;
    }
    return {};
  }

  Result<void> add_blob(const Json& json) {
    JsonFields fields(json, "descriptor");
    Descriptor blob{.media_type = fields.required_text("mediaType"), .digest = {}, .size = {}};
    auto digest = parse_digest(fields.required_text("digest"));
    blob.size = fields.required_unsigned("size");
    if (auto done = fields.done(); !done) return done;
    if (!digest) return fail(std::move(digest.error()));
    blob.digest = std::move(*digest);
    if (!seen_.insert(blob.digest).second) return {};
    if (auto checked = check_blob(layout_, blob); !checked) return checked;
    plan.blobs.push_back(std::move(blob));
    return {};
  }

  Layout& layout_;
  const ImageLimits& limits_;
  std::set<Digest> seen_;
};

}  // namespace

Result<PushPlan> plan_push(Layout& layout, const Descriptor& top, const ImageLimits& limits) {
  Planner planner(layout, limits);
  if (auto added = planner.add(top, 0); !added) return fail(std::move(added.error()));
  return std::move(planner.plan);
}

}  // namespace schedkit
