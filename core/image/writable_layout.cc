#include "core/image/writable_layout.h"

#include <unistd.h>

#include <utility>

#include "core/base/file.h"
#include "core/image/hasher.h"
#include "core/image/manifest.h"

namespace schedkit {

Result<WritableLayout> WritableLayout::open(const std::string& path, mode_t mode) {
  WritableLayout layout(path, mode);
  if (auto made = make_directories(path + "/blobs/sha256", mode); !made) return fail(std::move(made.error()));
  if (::access((path + "/oci-layout").c_str(), F_OK) == 0) return layout;
  auto written = write_file_atomic(path + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})", mode & 0666);
  if (!written) return fail(std::move(written.error()));
  return layout;
}

Result<Json> WritableLayout::blob(std::string_view bytes, std::string_view media_type) const {
  auto digest = digest_of(bytes);
  if (!digest) return fail(std::move(digest.error()));
  if (auto written = write_file_atomic(blob_path(*digest), bytes, mode_ & 0666); !written) {
    return fail(std::move(written.error()));
  }
  return Json{{"mediaType", media_type}, {"digest", digest->to_string()}, {"size", bytes.size()}};
}

Result<Json> WritableLayout::index(const ImageLimits& limits) const {
  const std::string path = path_ + "/index.json";
  auto text = read_file(path, limits.document_bytes);
  if (!text && text.error().code == Errc::not_found) {
    return Json{
        {"schemaVersion", 2}, {"mediaType", "application/vnd.oci.image.index.v1+json"}, {"manifests", Json::array()}};
  }
  if (!text) return fail(std::move(text.error()));
  auto document = parse_document(*text, "", limits);
  if (!document) return fail(with_context(std::move(document.error()), path));
  if (!std::holds_alternative<Index>(*document)) return fail(Errc::invalid, "{} is not an image index", path);
  auto json = parse_json(*text, limits.document_bytes);
  // skopeo and umoci write an empty list as null.
  if (json && !(*json)["manifests"].is_array()) (*json)["manifests"] = Json::array();
  return json;
}

Result<void> WritableLayout::write_index(const Json& index) const {
  auto text = dump_json(index);
  if (!text) return fail(std::move(text.error()));
  return write_file_atomic(path_ + "/index.json", *text, mode_ & 0666);
}

std::string annotation_of(const Json& entry, const char* key) {
  const auto annotations = entry.find("annotations");
  if (annotations == entry.end() || !annotations->is_object()) return "";
  const auto found = annotations->find(key);
  return found != annotations->end() && found->is_string() ? found->get<std::string>() : "";
}

Result<std::string> dump_json(const Json& json) {
  try {
    return json.dump();
  } catch (const Json::exception&) {
    return fail(Errc::invalid, "a label or an argument is not valid UTF-8");
  }
}

}  // namespace schedkit
