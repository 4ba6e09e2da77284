#include "config/resolve.h"

#include <algorithm>

#include "config/parse.h"
#include "config/suggest.h"
#include "core/base/text.h"

namespace schedkit {

Definitions::Definitions(const std::vector<ActiveText>& texts) {
  for (const auto& active : texts) {
    for (const auto& scheduler : active.text->schedulers) {
      by_name_[scheduler.name].push_back({&scheduler, active.layer});
    }
  }
}

std::span<const Definitions::Definition> Definitions::all(std::string_view name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return {};
  return found->second;
}

std::vector<std::string_view> Definitions::names() const {
  std::vector<std::string_view> names{"kernel"};
  for (const auto& [name, definitions] : by_name_) names.push_back(name);
  return names;
}

namespace {

Error undefined(std::string_view key, const std::string& use, Where where, const Definitions& definitions) {
  return {Errc::not_found,
          fmt::format("{} is {}, but no policy file defines [schedulers.{}]{}", key, quote(use, 64), use,
                      suggest(use, definitions.names())),
          std::move(where)};
}

Error undefined_mode(const RuleText& rule, const Scheduler& scheduler) {
  std::vector<std::string_view> modes;
  for (const auto& [mode, args] : scheduler.modes) modes.push_back(mode);
  const auto defined = modes.empty() ? std::string("none") : fmt::format("{}", fmt::join(modes, ", "));
  return {Errc::not_found,
          fmt::format("scheduler {} has no mode {}; it defines: {}", quote(scheduler.name, 64), quote(rule.mode, 64),
                      defined),
          rule.mode_where};
}

const Scheduler* find_borrowed(const ActiveText& from, const std::string& name) {
  if (from.borrowed == nullptr) return nullptr;
  const auto found = std::ranges::find(*from.borrowed, name, &Scheduler::name);
  return found == from.borrowed->end() ? nullptr : &*found;
}

Choice anonymous(const std::string& image, const Where& where) {
  Scheduler scheduler;
  scheduler.name = image;
  scheduler.image = image;
  scheduler.where = where;
  return *choose(scheduler, "");
}

}  // namespace

Result<ResolvedUse> resolve_use(const ActiveText& from, const RuleText& rule, const Definitions& definitions) {
  if (rule.use == "kernel") return ResolvedUse{};
  if (is_image_reference(rule.use)) return ResolvedUse{anonymous(rule.use, rule.use_where), false};
  if (const Scheduler* own = from.text->find(rule.use)) {
    if (auto choice = choose(*own, rule.mode)) return ResolvedUse{std::move(*choice), false};
    return fail(undefined_mode(rule, *own));
  }
  const Scheduler* without_mode = nullptr;
  for (const auto& [scheduler, layer] : definitions.all(rule.use)) {
    if (auto choice = choose(*scheduler, rule.mode)) return ResolvedUse{std::move(*choice), true};
    if (without_mode == nullptr) without_mode = scheduler;
    if (layer >= from.layer) break;
  }
  if (const Scheduler* borrowed = find_borrowed(from, rule.use)) {
    if (auto choice = choose(*borrowed, rule.mode)) return ResolvedUse{std::move(*choice), true};
  }
  if (without_mode != nullptr) return fail(undefined_mode(rule, *without_mode));
  return fail(undefined("use", rule.use, rule.use_where, definitions));
}

Result<ResolvedUse> resolve_default(const ActiveText& from, const Definitions& definitions) {
  const auto& [settings, where] = *from.text->settings;
  if (settings.default_name == "kernel") return ResolvedUse{};
  const auto found = definitions.all(settings.default_name);
  if (!found.empty()) return ResolvedUse{*choose(*found.front().scheduler, ""), true};
  if (const Scheduler* borrowed = find_borrowed(from, settings.default_name)) {
    return ResolvedUse{*choose(*borrowed, ""), true};
  }
  return fail(undefined("default", settings.default_name, where, definitions));
}

}  // namespace schedkit
