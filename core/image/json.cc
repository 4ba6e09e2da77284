#include "core/image/json.h"

#include <set>
#include <utility>

#include "core/base/text.h"

namespace schedkit {
namespace {

constexpr std::size_t max_depth = 16;

// Sees every event before a document is built, because nlohmann's own objects silently keep the last of two equal keys.
class Checker final : public nlohmann::json_sax<Json> {
 public:
  std::string why;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool start_array(std::size_t) override { return enter(); }
  bool end_array() override { return leave(); }

  bool key(string_t& name) override {
    if (keys_.back().insert(name).second) return true;
    why = fmt::format("the key {} occurs twice", quote(name));
    return false;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    why = fmt::format("invalid JSON at byte {}", position);
    return false;
  }

 private:
  bool enter() {
    keys_.emplace_back();
    if (keys_.size() <= max_depth) return true;
    why = fmt::format("nested deeper than {} levels", max_depth);
    return false;
  }
  bool leave() {
    keys_.pop_back();
    return true;
  }

  std::vector<std::set<std::string>> keys_;
};

const Json& empty_object() {
  static const Json value = Json::object();
  return value;
}

const Json& empty_array() {
  static const Json value = Json::array();
  return value;
}

}  // namespace

Result<Json> parse_json(std::string_view text, std::size_t limit) {
  if (text.size() > limit) return fail(Errc::limit, "larger than {}", format_size(limit));
  if (text.starts_with("\xef\xbb\xbf")) return fail(Errc::invalid, "starts with a byte order mark");
  Checker checker;
  if (!Json::sax_parse(text, &checker)) return fail(Errc::invalid, "{}", checker.why);
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return fail(Errc::invalid, "invalid JSON");
  return json;
}

JsonFields::JsonFields(const Json& json, std::string what) : json_(json), what_(std::move(what)) {
  if (!json.is_object()) refuse({Errc::invalid, what_ + " is not a JSON object", {}});
}

const Json* JsonFields::find(const char* key) const {
  if (error_) return nullptr;
  const auto found = json_.find(key);
  return found == json_.end() || found->is_null() ? nullptr : &*found;
}

bool JsonFields::has(const char* key) const { return find(key) != nullptr; }

void JsonFields::refuse(Error error) {
  if (!error_) error_ = std::move(error);
}

void JsonFields::wrong(const char* key, std::string_view expected) {
  refuse({Errc::invalid, fmt::format("{}: \"{}\" must be {}", what_, key, expected), {}});
}

std::string JsonFields::text(const char* key) {
  const Json* value = find(key);
  if (value == nullptr) return {};
  if (const auto* text = value->get_ptr<const std::string*>()) {
    if (text->find('\0') == std::string::npos) return *text;
  }
  wrong(key, "a string without NUL");
  return {};
}

std::string JsonFields::required_text(const char* key) {
  std::string value = text(key);
  if (value.empty()) wrong(key, "a string that is not empty");
  return value;
}

std::uint64_t JsonFields::required_unsigned(const char* key) {
  const Json* value = find(key);
  if (value != nullptr) {
    if (const auto* number = value->get_ptr<const Json::number_unsigned_t*>()) return *number;
  }
  wrong(key, "a whole number that is not negative");
  return 0;
}

std::vector<std::string> JsonFields::texts(const char* key) {
  std::vector<std::string> list;
  for (const Json& item : array(key)) {
    const auto* text = item.get_ptr<const std::string*>();
    if (text == nullptr || text->find('\0') != std::string::npos) {
      wrong(key, "a list of strings without NUL");
      return {};
    }
    list.push_back(*text);
  }
  return list;
}

std::map<std::string, std::string> JsonFields::text_map(const char* key) {
  std::map<std::string, std::string> map;
  for (const auto& [name, value] : object(key).items()) {
    const auto* text = value.get_ptr<const std::string*>();
    if (text == nullptr) {
      wrong(key, "an object of strings");
      return {};
    }
    map.emplace(name, *text);
  }
  return map;
}

const Json& JsonFields::object(const char* key) {
  const Json* value = find(key);
  if (value == nullptr) return empty_object();
  if (value->is_object()) return *value;
  wrong(key, "an object");
  return empty_object();
}

const Json& JsonFields::array(const char* key) {
  const Json* value = find(key);
  if (value == nullptr) return empty_array();
  if (value->is_array()) return *value;
  wrong(key, "a list");
  return empty_array();
}

Result<void> JsonFields::done() const {
  if (error_) return fail(*error_);
  return {};
}

}  // namespace schedkit
