#include "config/json_schema.h"

#include <nlohmann/json.hpp>

namespace schedkit {

namespace {

using Json = nlohmann::ordered_json;

Json object_of(const TableSchema& schema);

Json matching(const char* pattern) { return {{"type", "string"}, {"pattern", pattern}}; }
Json list_of(Json item) { return {{"type", "array"}, {"items", std::move(item)}}; }
Json table_of(Json value) { return {{"type", "object"}, {"additionalProperties", std::move(value)}}; }
Json one_or_list(const Json& item) {
  Json list = list_of(item);
  list["minItems"] = 1;
  return {{"anyOf", Json::array({item, std::move(list)})}};
}

Json word(const Key& key) {
  Json words = Json::array();
  for (const auto each : key.words) words.push_back(each);
  return {{"type", "string"}, {"enum", std::move(words)}};
}

Json non_empty() { return {{"type", "string"}, {"minLength", 1}}; }
Json value() { return {{"type", Json::array({"string", "number", "boolean"})}}; }

constexpr const char* duration = "^(0|([0-9]+(ms|s|m|h|d))+)$";

Json type_of(const Key& key) {
  const Json text = {{"type", "string"}};
  switch (key.type) {
    case KeyType::text: return text;
    case KeyType::word: return key.words.empty() ? text : word(key);
    case KeyType::flag: return {{"type", "boolean"}};
    case KeyType::integer: return {{"type", "integer"}, {"minimum", key.least}, {"maximum", key.most}};
    case KeyType::duration: return matching(duration);
    case KeyType::size: return matching("^[0-9]+([KMGT]iB)?$");
    case KeyType::texts: return list_of(text);
    case KeyType::text_table: return table_of(text);
    case KeyType::texts_table: return table_of(list_of(text));
    case KeyType::words: return one_or_list(word(key));
    case KeyType::time_of_day: return matching("^([01][0-9]|2[0-4]):[0-5][0-9]$");
    case KeyType::percentage: return matching("^([1-9][0-9]?|100)%$");
    case KeyType::lifetime: return matching("^(auto|boot|([0-9]+(ms|s|m|h|d))+)$");
    case KeyType::value: return value();
    case KeyType::values: return list_of(value());
    case KeyType::patterns: return one_or_list(non_empty());
    case KeyType::pattern_table: return table_of(one_or_list(non_empty()));
    case KeyType::table: return object_of(*key.table);
    case KeyType::tables: return one_or_list(object_of(*key.table));
    case KeyType::table_array: return list_of(object_of(*key.table));
    case KeyType::named_tables: return table_of(object_of(*key.table));
    case KeyType::anything: return Json::object();
  }
  return Json::object();
}

Json object_of(const TableSchema& schema) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const auto& key : schema.keys) {
    Json property = type_of(key);
    if (!key.help.empty()) property["description"] = key.help;
    properties[std::string(key.name)] = std::move(property);
    if (key.required) required.push_back(key.name);
  }
  Json object = {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) object["required"] = std::move(required);
  return object;
}

}  // namespace

std::string json_schema(const TableSchema& schema) {
  Json document = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                   {"title", "schedkit: a file of " + std::string(schema.name)}};
  document.update(object_of(schema));
  return document.dump(2) + "\n";
}

}  // namespace schedkit
