#include "core/bus/bus_source.h"

#include <algorithm>
#include <utility>

#include "core/bus/power.h"

namespace schedkit {

namespace {

constexpr std::size_t most_troubles_shown = 10;

}  // namespace

BusSource::BusSource(Loop& loop, std::string address)
    : link_(
          loop, std::move(address), [this](sd_bus* bus) { up(bus); }, [this] { down(); }),
      owners_([this](const std::string& name) { properties_.owner_changed(name); }),
      properties_(owners_, [this](const auto& property, const auto& value) { property_told(property, value); }),
      signals_(owners_, [this](const SignalMatch& match) { tell(SignalSeen{match}); }) {}

BusSource::~BusSource() = default;

Result<void> BusSource::start(const Interests& interests, Sink sink) {
  sink_ = std::move(sink);
  return watch(interests);
}

Result<void> BusSource::watch(const Interests& interests) {
  interests_ = interests;
  power_ = power_properties(interests);
  auto properties = interests.properties;
  properties.insert(power_.begin(), power_.end());
  std::set<std::string> names;
  for (const auto& property : properties) names.insert(property.name);
  for (const auto& match : interests.signals) {
    if (!match.sender.empty() && !match.sender.starts_with(':')) names.insert(match.sender);
  }
  owners_.follow(names);
  properties_.follow(properties);
  signals_.follow(interests.signals);
  if (!power_.empty()) tell_power();
  if (properties.empty() && interests.signals.empty()) {
    link_.close();
  } else {
    link_.open();
  }
  return {};
}

void BusSource::up(sd_bus* bus) {
  signals_.up(bus);
  properties_.up(bus);
  owners_.up(bus);  // the answers lead to reading the properties, whose changes are listened to by then
}

void BusSource::down() {
  signals_.down();
  owners_.down();
  properties_.down();
}

void BusSource::property_told(const PropertyName& property, const std::optional<PropertyValue>& value) {
  if (interests_.properties.contains(property)) tell(PropertySeen{property, value});
  if (power_.contains(property)) tell_power();
}

void BusSource::tell_power() {
  tell(power_seen([this](const PropertyName& property) { return properties_.value(property); }));
}

void BusSource::tell(Event event) {
  ++delivered_;
  sink_(std::move(event));
}

SourceStatus BusSource::status() const {
  SourceStatus status;
  status.name = "bus";
  const auto add = [&](const std::string& line) { status.detail += (status.detail.empty() ? "" : "\n") + line; };
  if (!link_.is_open()) add("no rule looks at the bus; nothing is open");
  if (!link_.trouble().empty()) add(link_.trouble());
  auto troubles = properties_.troubles();
  std::ranges::move(signals_.troubles(), std::back_inserter(troubles));
  for (std::size_t i = 0; i < std::min(troubles.size(), most_troubles_shown); ++i) add(troubles[i]);
  if (troubles.size() > most_troubles_shown) add(fmt::format("and {} more", troubles.size() - most_troubles_shown));
  status.delivered = delivered_;
  status.wakeups = link_.wakeups();
  return status;
}

}  // namespace schedkit
