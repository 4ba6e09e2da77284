#include "config/import.h"
#include "config/import_text.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

constexpr std::string_view mode_suffix = "_mode";

Error wrong(const ImportSource& source, Place place, std::string text) {
  return {Errc::invalid, std::move(text), {source.path, place.line, place.column}};
}

Result<std::string> text_of(const ImportSource& source, const Member& member) {
  if (member.value.type == Node::Type::string) return member.value.text;
  return fail(wrong(source, member.value.place, fmt::format("{} must be a string", member.key)));
}

Result<std::vector<std::string>> flags_of(const ImportSource& source, const Member& member) {
  std::vector<std::string> flags;
  for (const auto& item : member.value.items) {
    if (item.type != Node::Type::string) return fail(wrong(source, item.place, "flags must be strings"));
    flags.push_back(item.text);
  }
  if (member.value.type == Node::Type::array) return flags;
  return fail(wrong(source, member.value.place, fmt::format("{} must be a list of strings", member.key)));
}

// [scheds.NAME].
Result<Scheduler> scheduler_of(const ImportSource& source, const Member& entry, ImportText& out) {
  Scheduler scheduler;
  scheduler.name = import_name(entry.key);
  if (entry.value.type != Node::Type::table) {
    return fail(wrong(source, entry.value.place, fmt::format("scheds.{} must be a table", entry.key)));
  }
  for (const auto& member : entry.value.members) {
    const std::string_view key = member.key;
    const auto mode =
        key.ends_with(mode_suffix) ? import_mode(key.substr(0, key.size() - mode_suffix.size())) : std::nullopt;
    if (!mode) {
      out.note(source.path, member.place, fmt::format("scheds.{}.{} is not known", entry.key, quote(member.key, 64)));
      continue;
    }
    auto flags = flags_of(source, member);
    if (!flags) return fail(std::move(flags.error()));
    if (*mode == "auto") scheduler.args = *flags;
    scheduler.modes[*mode] = std::move(*flags);
  }
  return scheduler;
}

struct Default {
  std::string scheduler;
  std::string mode = "auto";
  Place place;
};

Result<Default> default_of(const ImportSource& source, const Node& root) {
  Default found;
  if (const auto* member = root.find("default_sched")) {
    auto text = text_of(source, *member);
    if (!text) return fail(std::move(text.error()));
    found.scheduler = text->empty() ? "" : import_name(*text);
    found.place = member->value.place;
  }
  if (const auto* member = root.find("default_mode")) {
    const auto text = text_of(source, *member);
    if (!text) return fail(text.error());
    const auto mode = import_mode(*text);
    if (!mode) {
      return fail(wrong(source, member->value.place,
                        fmt::format("default_mode is {}; it is one of Auto, Gaming, PowerSave, LowLatency and Server",
                                    quote(*text, 64))));
    }
    found.mode = *mode;
  }
  return found;
}

}  // namespace

std::vector<std::string> scx_loader_files() {
  return {"/etc/scx_loader/config.toml", "/etc/scx_loader.toml", "/usr/share/scx_loader/config.toml",
          "/usr/share/scx_loader.toml"};
}

Result<Imported> import_scx_loader(const ImportSource& source, const ImageOf& image_of) {
  const auto root = parse_document(source.text, source.path);
  if (!root) return fail(root.error());
  const auto standard = default_of(source, *root);
  if (!standard) return fail(standard.error());
  ImportText out("scx-loader", {source.path}, image_of);
  for (const auto& member : root->members) {
    if (member.key == "default_sched" || member.key == "default_mode" || member.key == "scheds") continue;
    out.note(source.path, member.place, fmt::format("{} has no counterpart", quote(member.key, 64)));
  }
  bool defined = standard->scheduler.empty();
  bool has_mode = false;
  const auto* scheds = root->find("scheds");
  if (scheds != nullptr && scheds->value.type != Node::Type::table) {
    return fail(wrong(source, scheds->value.place, "scheds must be a table"));
  }
  for (const auto& entry : scheds == nullptr ? std::vector<Member>() : scheds->value.members) {
    auto scheduler = scheduler_of(source, entry, out);
    if (!scheduler) return fail(std::move(scheduler.error()));
    if (scheduler->name == standard->scheduler) {
      defined = true;
      has_mode = scheduler->modes.contains(standard->mode);
    }
    out.add(source.path, entry.place, std::move(*scheduler));
  }
  if (!defined) out.add(source.path, standard->place, Scheduler{.name = standard->scheduler});
  if (standard->scheduler.empty()) {
    out.note(source.path, {}, "there is no default_sched: nothing is started until a rule or a command asks for it");
    return std::move(out).finish("scx-loader.toml");
  }
  if (!has_mode && standard->mode != "auto") {
    out.note(source.path, standard->place,
             fmt::format("the arguments of mode {} are built into scx_loader and not in this file; add them to {} as "
                         "mode {}",
                         standard->mode, quote(standard->scheduler, 64), standard->mode));
  }
  out.add_rule("default", standard->scheduler, has_mode ? standard->mode : "", 0, "", "");
  return std::move(out).finish("scx-loader.toml");
}

}  // namespace schedkit
