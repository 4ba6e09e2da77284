#include "core/image/refs.h"

#include <utility>

#include "core/base/file.h"
#include "core/image/json.h"

namespace schedkit {
namespace {

constexpr std::size_t refs_limit = 16u << 20;

std::string path_in(const std::string& root) { return root + "/refs.json"; }

}  // namespace

LayoutRecords read_refs(const std::string& root) {
  LayoutRecords records;
  auto text = read_file(path_in(root), refs_limit);
  if (!text) return records;
  auto json = parse_json(*text, refs_limit);
  if (!json || !json->is_object()) return records;
  for (const auto& [reference, value] : json->items()) {
    JsonFields fields(value, "refs.json");
    auto top = parse_digest(fields.text("digest"));
    auto manifest = parse_digest(fields.text("manifest"));
    if (top && manifest) records.insert_or_assign(reference, LayoutRecord{std::move(*top), std::move(*manifest)});
  }
  return records;
}

Result<void> write_refs(const std::string& root, const LayoutRecords& records) {
  Json json = Json::object();
  for (const auto& [reference, record] : records) {
    json[reference] = {{"digest", record.top.to_string()}, {"manifest", record.manifest.to_string()}};
  }
  return write_file_atomic(path_in(root), json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace schedkit
