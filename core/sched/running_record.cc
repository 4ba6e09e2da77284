#include "core/sched/running_record.h"

#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "core/sched/process_fd.h"

namespace schedkit {

namespace {

using Json = nlohmann::json;

constexpr int version = 1;
constexpr std::size_t size_limit = 4 * 1024 * 1024;

Json image_json(const RunnableImage& image) {
  return {{"reference", image.reference},
          {"digest", image.digest},
          {"rootfs", image.rootfs},
          {"entrypoint", image.entrypoint},
          {"command", image.command},
          {"env", image.env},
          {"working_directory", image.working_directory},
          {"stop_signal", image.stop_signal},
          {"labels", image.labels}};
}

RunnableImage image_of(const Json& json) {
  RunnableImage image;
  json.at("reference").get_to(image.reference);
  json.at("digest").get_to(image.digest);
  json.at("rootfs").get_to(image.rootfs);
  json.at("entrypoint").get_to(image.entrypoint);
  json.at("command").get_to(image.command);
  json.at("env").get_to(image.env);
  json.at("working_directory").get_to(image.working_directory);
  json.at("stop_signal").get_to(image.stop_signal);
  json.at("labels").get_to(image.labels);
  return image;
}

Json scheduler_json(const Scheduler& scheduler) {
  return {{"name", scheduler.name},
          {"image", scheduler.image},
          {"args", scheduler.args},
          {"modes", scheduler.modes},
          {"env", scheduler.env},
          {"standby", scheduler.standby},
          {"profile", to_string(scheduler.profile)},
          {"handover", to_string(scheduler.handover)},
          {"memory", scheduler.memory},
          {"pids", scheduler.pids},
          {"caps_add", scheduler.caps_add},
          {"paths_rw", scheduler.paths_rw},
          {"devices", scheduler.devices},
          {"load_timeout_ns", scheduler.load_timeout.count()},
          {"probation_ns", scheduler.probation.count()},
          {"where", {scheduler.where.file, scheduler.where.line, scheduler.where.column}}};
}

Profile profile_of(const Json& json) {
  for (const auto profile : {Profile::strict, Profile::compat, Profile::privileged}) {
    if (json == to_string(profile)) return profile;
  }
  return Profile::strict;
}

Scheduler scheduler_of(const Json& json) {
  Scheduler scheduler;
  json.at("name").get_to(scheduler.name);
  json.at("image").get_to(scheduler.image);
  json.at("args").get_to(scheduler.args);
  json.at("modes").get_to(scheduler.modes);
  json.at("env").get_to(scheduler.env);
  json.at("standby").get_to(scheduler.standby);
  scheduler.profile = profile_of(json.at("profile"));
  scheduler.handover = json.at("handover") == to_string(Handover::stop_first) ? Handover::stop_first : Handover::gate;
  json.at("memory").get_to(scheduler.memory);
  json.at("pids").get_to(scheduler.pids);
  json.at("caps_add").get_to(scheduler.caps_add);
  json.at("paths_rw").get_to(scheduler.paths_rw);
  json.at("devices").get_to(scheduler.devices);
  scheduler.load_timeout = Duration(json.at("load_timeout_ns").get<std::int64_t>());
  scheduler.probation = Duration(json.at("probation_ns").get<std::int64_t>());
  const Json& where = json.at("where");
  scheduler.where = {where.at(0).get<std::string>(), where.at(1).get<std::uint32_t>(),
                     where.at(2).get<std::uint32_t>()};
  return scheduler;
}

RunningRecord record_of(const Json& json) {
  RunningRecord record;
  json.at("id").get_to(record.id);
  json.at("pid").get_to(record.pid);
  json.at("start_ticks").get_to(record.start_ticks);
  json.at("mount_namespace").get_to(record.mount_namespace);
  json.at("cgroup").get_to(record.cgroup);
  record.started = Instant(Duration(json.at("started_ns").get<std::int64_t>()));
  record.started_wall = WallTime(Duration(json.at("started_wall_ns").get<std::int64_t>()));
  if (json.contains("parked")) json.at("parked").get_to(record.parked);      // younger than the rest
  record.request.hotplug_seq = json.value("hotplug_seq", std::uint64_t{0});  // this, too
  record.request.image = image_of(json.at("image"));
  record.request.choice.scheduler = scheduler_of(json.at("scheduler"));
  json.at("mode").get_to(record.request.choice.mode);
  json.at("args").get_to(record.request.choice.args);
  return record;
}

std::string path_in(const std::string& directory) { return directory + "/record.json"; }

}  // namespace

std::string to_json(const RunningRecord& record) {
  const Choice& choice = record.request.choice;
  const Json json = {{"version", version},
                     {"id", record.id},
                     {"pid", record.pid},
                     {"start_ticks", record.start_ticks},
                     {"mount_namespace", record.mount_namespace},
                     {"cgroup", record.cgroup},
                     {"started_ns", record.started.time_since_epoch().count()},
                     {"started_wall_ns", record.started_wall.time_since_epoch().count()},
                     {"parked", record.parked},
                     {"hotplug_seq", record.request.hotplug_seq},
                     {"image", image_json(record.request.image)},
                     {"scheduler", scheduler_json(choice.scheduler.value_or(Scheduler{}))},
                     {"mode", choice.mode},
                     {"args", choice.args}};
  return json.dump(1, ' ', true, Json::error_handler_t::replace) + "\n";
}

Result<RunningRecord> parse_record(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return fail(Errc::invalid, "not a JSON object");
  try {
    if (json.at("version") != version) return fail(Errc::unsupported, "a record of another version than {}", version);
    auto record = record_of(json);
    if (record.pid <= 0) return fail(Errc::invalid, "{} is no process", record.pid);
    return record;
  } catch (const Json::exception& error) {
    return fail(Errc::invalid, "{}", error.what());
  }
}

std::string choice_json(const Choice& choice) {
  if (choice.is_kernel()) return "{}\n";
  const Json json = {{"scheduler", scheduler_json(*choice.scheduler)}, {"mode", choice.mode}, {"args", choice.args}};
  return json.dump(1, ' ', true, Json::error_handler_t::replace) + "\n";
}

Result<Choice> parse_choice(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return fail(Errc::invalid, "not a JSON object");
  if (json.empty()) return Choice{};
  try {
    Choice choice;
    choice.scheduler = scheduler_of(json.at("scheduler"));
    json.at("mode").get_to(choice.mode);
    json.at("args").get_to(choice.args);
    return choice;
  } catch (const Json::exception& error) {
    return fail(Errc::invalid, "{}", error.what());
  }
}

Result<void> write_record(const std::string& directory, const RunningRecord& record) {
  return write_file_atomic(path_in(directory), to_json(record));
}

Result<RunningRecord> read_record(const std::string& directory) {
  const auto text = read_file(path_in(directory), size_limit);
  if (!text) return fail(text.error());
  auto record = parse_record(*text);
  if (!record) return fail(with_context(record.error(), path_in(directory)));
  return record;
}

bool is_alive(const RunningRecord& record) {
  const auto ticks = start_ticks(record.pid);
  return ticks && *ticks == record.start_ticks;
}

}  // namespace schedkit
