#include "core/bus/loader_service.h"

#include <systemd/sd-bus.h>

#include <utility>

#include "core/base/text.h"
#include "core/bus/answer.h"
#include "core/bus/loader_vtable.h"
#include "core/bus/names.h"
#include "core/bus/run_arguments.h"
#include "core/policy/loader_names.h"

namespace schedkit {

namespace {

constexpr const char* action = "org.scx.loader.manage-schedulers";

// Clients wait for 25 s or so. The first ends what takes too long, the second is for what cannot be ended.
constexpr Duration most_for_a_switch = std::chrono::seconds(8);
constexpr Duration most_for_an_answer = std::chrono::milliseconds(9500);

// scx_loader knows this one error.
int refuse(sd_bus_message* call, const std::string& text) {
  return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_FAILED, "%s", bus::printable(text).c_str());
}

int answer(sd_bus_message* call, const Result<void>& result) {
  return result ? sd_bus_reply_method_return(call, "") : refuse(call, result.error().describe());
}

Result<std::vector<std::string>> read_args(sd_bus_message* call) {
  std::vector<std::string> args;
  std::size_t bytes = 0;
  const char* text = nullptr;
  if (sd_bus_message_enter_container(call, 'a', "s") <= 0) return fail(Errc::invalid, "arguments must be strings");
  while (sd_bus_message_read(call, "s", &text) > 0) {
    args.emplace_back(text);
    bytes += args.back().size();
    if (args.size() > most_args || bytes > longest_args) return fail(Errc::limit, "there are too many arguments");
  }
  return args;
}

Error not_here(const std::string& name) {
  return {Errc::not_found,
          fmt::format("no policy defines {} and no image of it is in the store; `schedctl pull` fetches one",
                      quote(name, 80)),
          {}};
}

}  // namespace

LoaderService::LoaderService(Loop& loop, sd_bus* bus, Authority& authority, Controls& controls, ImageCommands* images)
    : loop_(loop),
      bus_(bus),
      authority_(authority),
      controls_(controls),
      images_(images),
      clients_(bus, [this](const std::string& client) { holds_.gone(client); }),
      holds_(controls, clients_) {}

LoaderService::~LoaderService() = default;

Result<std::unique_ptr<LoaderService>> LoaderService::create(Loop& loop, sd_bus* bus, Authority& authority,
                                                             Controls& controls, ImageCommands* images) {
  std::unique_ptr<LoaderService> service(new LoaderService(loop, bus, authority, controls, images));
  sd_bus_slot* slot = nullptr;
  const int error =
      sd_bus_add_object_vtable(bus, &slot, bus::loader_path, bus::loader_interface, loader_vtable(), service.get());
  if (error < 0) return fail_errno(-error, "cannot offer org.scx.Loader on a bus connection");
  service->slot_.reset(slot);
  service->told_ = service->properties();
  service->refresh();
  return service;
}

// --- who may ---

int LoaderService::authorized(sd_bus_message* call, Method method) {
  const auto answered = [this, method, held = Message::share(call)](const Result<Authority::Caller>& caller) {
    if (caller) return (this->*method)(held.get(), *caller);
    bus::note_unsent(refuse(held.get(), "Not allowed! " + caller.error().text));
  };
  authority_.check(call, action, true, answered);
  return bus::handled;
}

// --- what changes something ---

// The switch may end later than a client waits.
Controls::Done LoaderService::answer_in_time(sd_bus_message* call) {
  const auto place = waiting_.emplace(waiting_.end(), call, loop_);
  const auto end = [this, place](const Result<void>& result) {
    bus::note_unsent(answer(place->call.get(), result));
    waiting_.erase(place);
  };
  auto over = std::make_shared<bool>(false);  // shared by the two of which one answers
  place->timer.set(most_for_an_answer, [end, over] {
    *over = true;
    end(fail(Errc::timeout, "the kernel has not confirmed it yet; it goes on"));
  });
  return [end, over, alive = std::weak_ptr(alive_)](const Result<void>& result) {
    if (!alive.expired() && !std::exchange(*over, true)) end(result);
  };
}

void LoaderService::start(sd_bus_message* call, const Authority::Caller& caller) {
  const char* name = nullptr;
  std::uint32_t mode = 0;
  if (sd_bus_message_read(call, "su", &name, &mode) <= 0) return;
  const auto done = answer_in_time(call);
  if (mode >= loader_modes.size()) return done(fail(Errc::invalid, "there is no mode {}; modes are 0 to 4", mode));
  run_known({.scheduler = name, .by = caller.text}, mode, done);
}

void LoaderService::start_with_args(sd_bus_message* call, const Authority::Caller& caller) {
  const char* name = nullptr;
  if (sd_bus_message_read(call, "s", &name) <= 0) return;
  const auto done = answer_in_time(call);
  auto args = read_args(call);
  if (!args) return done(fail(std::move(args.error())));
  run_known({.scheduler = name, .has_args = true, .args = std::move(*args), .by = caller.text}, 0, done);
}

// A policy's scheduler; else, once the store has been listed, an image.
void LoaderService::run_known(Controls::RunCommand command, std::uint32_t mode, Controls::Done done) {
  if (const Scheduler* scheduler = find_by_loader_name(controls_.policy(), command.scheduler)) {
    command.scheduler = scheduler->name;
    const std::string word(loader_modes[mode]);
    if (scheduler->modes.contains(word)) command.mode = word;  // else its usual arguments, as scx_loader does
    return run(std::move(command), std::move(done));
  }
  list_images([this, command = std::move(command), done = std::move(done)]() mutable {
    const std::string reference = find_by_loader_name(references_, command.scheduler);
    if (reference.empty()) return done(fail(not_here(command.scheduler)));
    command.scheduler = reference;
    run(std::move(command), std::move(done));
  });
}

void LoaderService::run(Controls::RunCommand command, Controls::Done done) {
  command.until = controls_.policy().settings.loader_until;
  command.within = most_for_a_switch;
  controls_.run(std::move(command), std::move(done));
}

void LoaderService::list_images(std::function<void()> then) {
  if (images_ == nullptr) return then();
  images_->list(
      [this, then = std::move(then), alive = std::weak_ptr(alive_)](const Result<std::vector<ImageStatus>>& images) {
        if (alive.expired()) return;
        references_.clear();
        if (images) {
          for (const auto& image : *images) {
            if (image.current) references_.push_back(image.reference);
          }
        }
        then();
      });
}

void LoaderService::refresh() {
  list_images([this] { changed(); });
}

void LoaderService::stop(sd_bus_message* call, const Authority::Caller& caller) {
  run({.scheduler = "kernel", .by = caller.text}, answer_in_time(call));
}

// Through the kernel's own scheduler: the same program attached twice is no switch.
void LoaderService::restart(sd_bus_message* call, const Authority::Caller& caller) {
  const auto done = answer_in_time(call);
  const Status status = controls_.status();
  if (!status.current) return done(fail(Errc::not_found, "No scheduler is currently running to restart"));
  Controls::RunCommand again{status.current->name, status.current->mode, true, status.current->args, caller.text};
  const bool by_rule = !status.override_by.has_value();
  run({.scheduler = "kernel", .by = caller.text},
      [this, again = std::move(again), by_rule, done, alive = std::weak_ptr(alive_)](Result<void> stopped) mutable {
        if (!stopped || alive.expired()) return done(std::move(stopped));
        by_rule ? controls_.go_automatic(done) : run(std::move(again), done);
      });
}

void LoaderService::restore_default(sd_bus_message* call, const Authority::Caller&) {
  controls_.go_automatic(answer_in_time(call));
}

void LoaderService::hold(sd_bus_message* call, const Authority::Caller& caller) {
  const char *name = nullptr, *reason = nullptr, *app = nullptr;
  std::uint32_t mode = 0;
  if (sd_bus_message_read(call, "suss", &name, &mode, &reason, &app) <= 0) return;
  const Scheduler* scheduler = find_by_loader_name(controls_.policy(), name);
  const std::string text = *app == '\0' ? std::string(reason) : fmt::format("{} ({})", reason, app);
  if (scheduler == nullptr || mode >= loader_modes.size() || text.size() > longest_reason) {
    bus::note_unsent(
        refuse(call, scheduler == nullptr ? not_here(name).text : "the mode or the reason is out of range"));
    return;
  }
  const std::string word(loader_modes[mode]);
  holds_.hold(caller.name,
              {scheduler->name, scheduler->modes.contains(word) ? word : "", bus::printable(text), caller.text,
               most_for_a_switch},
              [held = Message::share(call)](std::uint32_t cookie, const Result<void>& result) {
                bus::note_unsent(result ? sd_bus_reply_method_return(held.get(), "u", cookie)
                                        : refuse(held.get(), result.error().describe()));
              });
}

int LoaderService::release(sd_bus_message* call) {
  std::uint32_t cookie = 0;
  if (const int error = sd_bus_message_read(call, "u", &cookie); error < 0) return error;
  const char* sender = sd_bus_message_get_sender(call);
  return answer(call, holds_.release(sender != nullptr ? sender : "", cookie));
}

// --- what tells something ---

int LoaderService::modes(sd_bus_message* call) const {
  const char* name = nullptr;
  if (const int error = sd_bus_message_read(call, "s", &name); error < 0) return error;
  const Scheduler* scheduler = find_by_loader_name(controls_.policy(), name);
  if (scheduler == nullptr && find_by_loader_name(references_, name).empty()) return refuse(call, not_here(name).text);
  std::vector<std::uint32_t> known{0};
  for (std::uint32_t mode = 1; scheduler != nullptr && mode < loader_modes.size(); ++mode) {
    if (scheduler->modes.contains(std::string(loader_modes[mode]))) known.push_back(mode);
  }
  sd_bus_message* raw = nullptr;
  int error = sd_bus_message_new_method_return(call, &raw);
  const Message reply = Message::adopt(raw);
  if (error >= 0) error = sd_bus_message_append_array(raw, 'u', known.data(), known.size() * sizeof(known[0]));
  return error < 0 ? error : sd_bus_send(nullptr, raw, nullptr);
}

int LoaderService::mode_args(sd_bus_message* call) const {
  const char* name = nullptr;
  if (const int error = sd_bus_message_read(call, "s", &name); error < 0) return error;
  const Scheduler* scheduler = find_by_loader_name(controls_.policy(), name);
  if (scheduler == nullptr && find_by_loader_name(references_, name).empty()) return refuse(call, not_here(name).text);
  sd_bus_message* raw = nullptr;
  int error = sd_bus_message_new_method_return(call, &raw);
  const Message reply = Message::adopt(raw);
  if (error >= 0) error = sd_bus_message_open_container(raw, 'a', "(uas)");
  for (std::uint32_t mode = 0; mode < loader_modes.size() && error >= 0; ++mode) {
    const auto known = scheduler != nullptr ? choose(*scheduler, std::string(loader_modes[mode])) : std::nullopt;
    const auto& args = known ? known->args : scheduler != nullptr ? scheduler->args : std::vector<std::string>();
    error = append_mode_args(raw, mode, args);
  }
  if (error >= 0) error = sd_bus_message_close_container(raw);
  return error < 0 ? error : sd_bus_send(nullptr, raw, nullptr);
}

LoaderProperties LoaderService::properties() const {
  return loader_properties(controls_.status(), controls_.policy(), references_);
}

int LoaderService::property(const char* name, sd_bus_message* answer) const {
  if (std::string_view(name) != "DaemonGeneration") return append_loader_property(answer, name, properties());
  const char* generation = nullptr;
  sd_bus_get_unique_name(bus_, &generation);
  return sd_bus_message_append(answer, "s", generation);
}

void LoaderService::changed() {
  LoaderProperties now = properties();
  std::vector<char*> names;
  const auto tell = [&](const char* name, bool differs) {
    if (differs) names.push_back(const_cast<char*>(name));  // sd-bus does not write to it
  };
  tell("CurrentScheduler", now.current != told_.current);
  tell("SchedulerMode", now.mode != told_.mode);
  tell("CurrentSchedulerArgs", now.args != told_.args);
  tell("SupportedSchedulers", now.supported != told_.supported);
  tell("DefaultScheduler", now.default_scheduler != told_.default_scheduler);
  tell("DefaultMode", now.default_mode != told_.default_mode);
  tell("ActiveHolds", now.holds != told_.holds);
  told_ = std::move(now);
  if (names.empty()) return;
  names.push_back(nullptr);
  sd_bus_emit_properties_changed_strv(bus_, bus::loader_path, bus::loader_interface, names.data());
}

}  // namespace schedkit
