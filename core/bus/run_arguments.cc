#include "core/bus/run_arguments.h"

#include <systemd/sd-bus.h>

#include <string_view>

#include "core/base/text.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

Result<std::string> read_text(sd_bus_message* call, std::string_view what, std::size_t longest) {
  const char* text = nullptr;
  if (const int error = sd_bus_message_read(call, "s", &text); error <= 0) {
    return fail(Errc::invalid, "{} must be a string", what);
  }
  if (std::string_view(text).size() > longest) return fail(Errc::limit, "{} is longer than {} bytes", what, longest);
  return std::string(text);
}

Result<void> read_args(sd_bus_message* call, std::vector<std::string>& args) {
  if (sd_bus_message_enter_container(call, 'a', "s") <= 0) return fail(Errc::invalid, "args must be strings");
  std::size_t bytes = 0;
  const char* text = nullptr;
  int more = 0;
  while ((more = sd_bus_message_read(call, "s", &text)) > 0) {
    args.emplace_back(text);
    bytes += args.back().size();
    if (args.size() > most_args) return fail(Errc::limit, "there are more than {} arguments", most_args);
    if (bytes > longest_args) return fail(Errc::limit, "the arguments are longer than {} bytes", longest_args);
  }
  if (more < 0 || sd_bus_message_exit_container(call) < 0) return fail(Errc::invalid, "args cannot be read");
  return {};
}

// The value of one option, the message being inside its variant.
Result<void> read_value(sd_bus_message* call, std::string_view key, Controls::RunCommand& command) {
  if (key == "mode") {
    auto mode = read_text(call, "mode", longest_mode);
    if (!mode) return fail(std::move(mode.error()));
    command.mode = std::move(*mode);
    return {};
  }
  if (key == "until") {
    auto text = read_text(call, "until", longest_mode);
    if (!text) return fail(std::move(text.error()));
    auto until = parse_lifetime(*text);
    if (!until) return fail(std::move(until.error()));
    command.until = *until;
    return {};
  }
  command.has_args = true;
  return read_args(call, command.args);
}

Result<void> read_option(sd_bus_message* call, Controls::RunCommand& command) {
  const char* key = nullptr;
  if (sd_bus_message_read(call, "s", &key) <= 0) return fail(Errc::invalid, "an option's name cannot be read");
  const std::string_view name = key;
  const char* type = name == "mode" || name == "until" ? "s" : name == "args" ? "as" : nullptr;
  if (type == nullptr) {
    return fail(Errc::invalid, "{} is no option; options are mode, args and until", quote(name, 40));
  }
  if (name == "args" && command.has_args) return fail(Errc::invalid, "args is given twice");
  char outer = 0;
  const char* found = nullptr;
  if (sd_bus_message_peek_type(call, &outer, &found) <= 0 || outer != 'v' || std::string_view(found) != type) {
    return fail(Errc::invalid, "{} must have the D-Bus type {}", name, type);
  }
  if (sd_bus_message_enter_container(call, 'v', type) <= 0) return fail(Errc::invalid, "{} cannot be read", name);
  if (auto read = read_value(call, name, command); !read) return read;
  if (sd_bus_message_exit_container(call) < 0) return fail(Errc::invalid, "{} cannot be read", name);
  return {};
}

}  // namespace

namespace {

Result<std::string> read_scheduler(sd_bus_message* call) {
  auto scheduler = read_text(call, "the scheduler", longest_scheduler);
  if (scheduler && scheduler->empty()) return fail(Errc::invalid, "the scheduler's name is empty");
  return scheduler;
}

Result<Controls::RunCommand> read_options(sd_bus_message* call) {
  Controls::RunCommand command;
  if (sd_bus_message_enter_container(call, 'a', "{sv}") <= 0) return fail(Errc::invalid, "options cannot be read");
  int more = 0;
  while ((more = sd_bus_message_enter_container(call, 'e', "sv")) > 0) {
    if (auto read = read_option(call, command); !read) return fail(std::move(read.error()));
    if (sd_bus_message_exit_container(call) < 0) return fail(Errc::invalid, "options cannot be read");
  }
  if (more < 0 || sd_bus_message_exit_container(call) < 0) return fail(Errc::invalid, "options cannot be read");
  return command;
}

}  // namespace

Result<Controls::RunCommand> read_run_arguments(sd_bus_message* call) {
  auto scheduler = read_scheduler(call);
  if (!scheduler) return fail(std::move(scheduler.error()));
  auto command = read_options(call);
  if (command) command->scheduler = std::move(*scheduler);
  return command;
}

Result<Controls::HoldCommand> read_hold_arguments(sd_bus_message* call) {
  auto scheduler = read_scheduler(call);
  if (!scheduler) return fail(std::move(scheduler.error()));
  auto reason = read_text(call, "the reason", longest_reason);
  if (!reason) return fail(std::move(reason.error()));
  auto options = read_options(call);
  if (!options) return fail(std::move(options.error()));
  if (options->until) return fail(Errc::invalid, "Hold takes no until: it ends with Release or with its client");
  Controls::HoldCommand command{std::move(*scheduler), std::move(options->mode), bus::printable(*reason), {}};
  if (options->has_args) command.args = std::move(options->args);
  return command;
}

}  // namespace schedkit
