#include "core/policy/world.h"

namespace schedkit {

namespace {

template <class Kind>
std::vector<Watched<Kind>> of_kind(const std::vector<Condition>& conditions) {
  std::vector<Watched<Kind>> found;
  for (Fact fact = 0; fact < conditions.size(); ++fact) {
    if (const auto* condition = std::get_if<Kind>(&conditions[fact])) found.push_back({*condition, fact});
  }
  return found;
}

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;  // clang 16 needs it

}  // namespace

void World::watch(const std::vector<Condition>& conditions) {
  conditions_ = conditions;
  facts_.reset(conditions.size());
  processes_.watch(of_kind<ProcessCondition>(conditions));
  cgroups_.watch(of_kind<CgroupCondition>(conditions));
  times_.watch(of_kind<TimeCondition>(conditions));
  signals_.watch(of_kind<SignalCondition>(conditions));
  properties_.watch(of_kind<PropertyCondition>(conditions));
  power_.watch(of_kind<PowerCondition>(conditions));
  pressures_.watch(of_kind<PressureCondition>(conditions));
}

void World::apply(const Event& event, Instant now) {
  std::visit(Overloaded{
                 [&](const ProcessSeen& seen) { processes_.seen(seen.process); },
                 [&](const ProcessGone& gone) { processes_.gone(gone.id); },
                 [&](const ProcessSnapshot& snapshot) { processes_.snapshot(snapshot.processes); },
                 [&](const CgroupSeen& seen) { cgroups_.seen(seen); },
                 [&](const CgroupGone& gone) { cgroups_.gone(gone.path); },
                 [&](const CgroupSnapshot& snapshot) { cgroups_.snapshot(snapshot.cgroups); },
                 [&](const ClockSet& set) { times_.clock_set(set.offset, now); },
                 [&](const ZoneChanged& changed) { times_.zone_changed(changed.zone, now); },
                 [&](const SignalSeen& seen) { signals_.seen(seen.match, now); },
                 [&](const PropertySeen& seen) { properties_.seen(seen); },
                 [&](const PowerSeen& seen) { power_.seen(seen); },
                 [&](const PressureSeen& seen) { pressures_.seen(seen.trigger, now); },
             },
             event);
}

std::optional<Instant> World::next() const {
  return earlier(times_.next(), earlier(signals_.next(), pressures_.next()));
}

void World::advance(Instant now) {
  times_.advance(now);
  signals_.advance(now);
  pressures_.advance(now);
}

std::vector<PastEvent> World::known(Instant now) const {
  std::vector<PastEvent> known;
  processes_.tell(known);
  cgroups_.tell(known);
  times_.tell(known);
  signals_.tell(known, now);
  properties_.tell(known);
  power_.tell(known);
  pressures_.tell(known, now);
  return known;
}

FactDetail World::detail(Fact fact, Instant now) const {
  return std::visit(Overloaded{
                        [&](const ProcessCondition&) { return processes_.detail(fact); },
                        [&](const CgroupCondition&) { return cgroups_.detail(fact); },
                        [&](const TimeCondition&) { return times_.detail(fact, now); },
                        [&](const SignalCondition&) { return signals_.detail(fact); },
                        [&](const PropertyCondition&) { return properties_.detail(fact); },
                        [&](const PowerCondition&) { return power_.detail(); },
                        [&](const PressureCondition&) { return pressures_.detail(fact); },
                    },
                    conditions_[fact]);
}

}  // namespace schedkit
