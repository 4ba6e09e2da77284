// JSON as protobuf writes it (protojson): 64-bit numbers may be strings, bytes are base64, empty members may be missing
// or null.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/image/json.h"

namespace schedkit {

// As JsonFields, of which it is made: the first wrong member is kept, and done() reports it.
class ProtoFields {
 public:
  // `json` must outlive it; `what` starts the messages.
  ProtoFields(const Json& json, std::string what) : json_(json), what_(what), fields_(json, std::move(what)) {}

  bool has(const char* key) const { return fields_.has(key); }
  std::string text(const char* key) { return fields_.text(key); }
  const Json& object(const char* key) { return fields_.object(key); }
  const Json& array(const char* key) { return fields_.array(key); }

  std::string bytes(const char* key);              // base64; "" when missing
  std::string hex(const char* key);                // two lower-case digits a byte; "" when missing
  std::uint64_t unsigned_number(const char* key);  // 0 when missing; at most 2^63 - 1
  std::int64_t time(const char* key) { return static_cast<std::int64_t>(unsigned_number(key)); }

  Result<void> done() const { return fields_.done(); }

 private:
  void wrong(const char* key, std::string_view expected);

  const Json& json_;
  std::string what_;
  JsonFields fields_;
};

}  // namespace schedkit
