#include "core/policy/property_table.h"

#include <algorithm>

#include "core/base/text.h"

namespace schedkit {

void PropertyTable::watch(std::vector<Watched<PropertyCondition>> conditions) {
  auto before = std::exchange(properties_, {});
  conditions_ = std::move(conditions);
  for (std::uint32_t number = 0; number < conditions_.size(); ++number) {
    const auto& name = conditions_[number].condition.property;
    auto& entry = properties_[name];
    entry.conditions.push_back(number);
    if (const auto known = before.find(name); known != before.end()) entry.value = known->second.value;
  }
  for (const auto& [name, entry] : properties_) refresh(entry);
}

void PropertyTable::seen(const PropertySeen& seen) {
  const auto found = properties_.find(seen.property);
  if (found == properties_.end()) return;
  found->second.value = seen.value;
  refresh(found->second);
}

void PropertyTable::refresh(const Entry& entry) {
  for (const auto number : entry.conditions) {
    const auto& [condition, fact] = conditions_[number];
    facts_.set(fact, entry.value && std::ranges::count(condition.values, *entry.value) > 0);
  }
}

void PropertyTable::tell(std::vector<PastEvent>& known) const {
  for (const auto& [name, entry] : properties_) known.push_back({PropertySeen{name, entry.value}});
}

FactDetail PropertyTable::detail(Fact fact) const {
  const auto found = std::ranges::find(conditions_, fact, &Watched<PropertyCondition>::fact);
  if (found == conditions_.end()) return {};
  const auto& value = properties_.at(found->condition.property).value;
  return {value ? "it is " + to_text(*value) : "nobody owns the name, or it cannot be read", {}};
}

std::string to_text(const PropertyValue& value) {
  struct Text {
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
    std::string operator()(double number) const { return fmt::format("{:#}", number); }
    std::string operator()(const std::string& text) const { return quote(text); }
  };
  return std::visit(Text{}, value);
}

}  // namespace schedkit
