// Strict JSON from foreign hands (image-spec documents). Refused: duplicate keys (two parsers may see two documents),
// more than 16 levels, invalid UTF-8, a byte order mark, text beyond `limit`, anything after the value.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace schedkit {

using Json = nlohmann::json;

Result<Json> parse_json(std::string_view text, std::size_t limit);

// Typed reading of an object's members. The first wrong one is kept and everything after reads as missing, so that a
// parser reads all members and asks once. A member that is null counts as missing, as Go writes empty lists.
class JsonFields {
 public:
  // `json` must outlive it; `what` ("manifest") starts the messages.
  JsonFields(const Json& json, std::string what);

  bool has(const char* key) const;
  std::string text(const char* key);  // "" when missing
  std::string required_text(const char* key);
  std::uint64_t required_unsigned(const char* key);
  std::vector<std::string> texts(const char* key);  // list of strings
  std::map<std::string, std::string> text_map(const char* key);
  const Json& object(const char* key);  // an empty object when missing
  const Json& array(const char* key);   // an empty array when missing

  // Keeps `error` if it is the first.
  void refuse(Error error);
  Result<void> done() const;

 private:
  const Json* find(const char* key) const;
  void wrong(const char* key, std::string_view expected);

  const Json& json_;
  std::string what_;
  std::optional<Error> error_;
};

}  // namespace schedkit
