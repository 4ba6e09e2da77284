#include "core/image/store_index.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"

namespace schedkit {
namespace {

constexpr const char* reference_key = "org.schedkit.store.reference";
constexpr const char* top_key = "org.schedkit.store.top";
constexpr const char* pulled_key = "org.schedkit.store.pulled";
constexpr const char* checked_key = "org.schedkit.store.checked";

std::int64_t seconds_of(const Json& entry, const char* key) {
  const auto number = parse_unsigned(annotation_of(entry, key));
  return number && *number < (1ull << 40) ? static_cast<std::int64_t>(*number) : 0;
}

bool is_reference(const std::string& name) {
  const auto parsed = parse_policy_reference(name);
  return parsed && parsed->kind == Reference::Kind::registry && parsed->to_string() == name;
}

StoredImage read_entry(const Json& raw, const Descriptor& descriptor, const std::string& path) {
  StoredImage image;
  image.entry = descriptor;
  image.top = parse_digest(annotation_of(raw, top_key)).value_or(descriptor.digest);
  image.pulled = seconds_of(raw, pulled_key);
  image.checked = seconds_of(raw, checked_key);
  const std::string tag = annotation_of(raw, ref_name_key);
  const std::string former = annotation_of(raw, reference_key);
  image.current = !tag.empty();
  image.reference = is_reference(tag) ? tag : tag.empty() && is_reference(former) ? former : "oci:" + path + ":" + tag;
  if (tag.empty() && former.empty()) image.reference = "oci:" + path + "@" + descriptor.digest.to_string();
  return image;
}

}  // namespace

std::string repository_of(const std::string& reference) {
  auto parsed = parse_reference(reference);
  if (!parsed) return reference;
  return parsed->kind == Reference::Kind::layout ? "oci:" + parsed->path : parsed->domain + "/" + parsed->path;
}

Result<StoreIndex> StoreIndex::read(const WritableLayout& layout, const std::string& path, const ImageLimits& limits) {
  auto json = layout.index(limits);
  if (!json) return fail(std::move(json.error()));
  auto document = parse_document(json->dump(), "", limits);
  if (!document) return fail(with_context(std::move(document.error()), path + "/index.json"));
  StoreIndex index;
  const Index& parsed = std::get<Index>(*document);
  for (std::size_t i = 0; i < parsed.manifests.size(); ++i) {
    index.raw_.push_back((*json)["manifests"][i]);
    index.images_.push_back(read_entry(index.raw_.back(), parsed.manifests[i], path));
  }
  index.index_ = std::move(*json);
  index.index_["manifests"] = Json::array();
  return index;
}

const StoredImage* StoreIndex::find(const Reference& reference) const {
  const std::string name = reference.to_string();
  const std::string repository = repository_of(name);
  const StoredImage* found = nullptr;
  for (const StoredImage& image : images_) {
    if (image.current && image.reference == name) return &image;
    if (!reference.digest || repository_of(image.reference) != repository) continue;
    if (image.top == *reference.digest || image.entry.digest == *reference.digest) found = &image;
  }
  return found;
}

void StoreIndex::put(const StoredImage& image) {
  for (std::size_t i = images_.size(); i-- > 0;) {
    if (images_[i].reference != image.reference) continue;
    if (images_[i].entry.digest == image.entry.digest) {
      raw_.erase(raw_.begin() + static_cast<std::ptrdiff_t>(i));
      images_.erase(images_.begin() + static_cast<std::ptrdiff_t>(i));
    } else if (images_[i].current) {
      images_[i].current = false;
      raw_[i]["annotations"].erase(ref_name_key);
      raw_[i]["annotations"][reference_key] = image.reference;
    }
  }
  Json raw = {{"mediaType", image.entry.media_type},
              {"digest", image.entry.digest.to_string()},
              {"size", image.entry.size},
              {"annotations",
               {{ref_name_key, image.reference},
                {pulled_key, std::to_string(image.pulled)},
                {checked_key, std::to_string(image.checked)}}}};
  if (image.top != image.entry.digest) raw["annotations"][top_key] = image.top.to_string();
  raw_.push_back(std::move(raw));
  images_.push_back(image);
}

void StoreIndex::set_checked(const std::string& reference, std::int64_t checked) {
  for (std::size_t i = 0; i < images_.size(); ++i) {
    if (!images_[i].current || images_[i].reference != reference) continue;
    images_[i].checked = checked;
    raw_[i]["annotations"][checked_key] = std::to_string(checked);
  }
}

void StoreIndex::remove(const StoredImage& image) {
  for (std::size_t i = images_.size(); i-- > 0;) {
    if (images_[i] != image) continue;
    raw_.erase(raw_.begin() + static_cast<std::ptrdiff_t>(i));
    images_.erase(images_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

Result<void> StoreIndex::write(const WritableLayout& layout) const {
  Json index = index_;
  index["manifests"] = raw_;
  return layout.write_index(index);
}

}  // namespace schedkit
