#include "core/source/pressure_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

constexpr Duration coarse_window = std::chrono::seconds(2);

std::string_view file_of(PressureResource resource) {
  switch (resource) {
    case PressureResource::cpu: return "cpu";
    case PressureResource::memory: return "memory";
    case PressureResource::io: return "io";
  }
  return "";
}

long long microseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

std::string describe(const PressureCondition& condition) {
  return fmt::format("{} {} {} in {}", file_of(condition.resource), condition.full ? "full" : "some",
                     format_duration(condition.stall), format_duration(condition.window));
}

tl::unexpected<Error> off(std::string_view file) {
  return fail(Errc::unsupported,
              "{} is not there or off: this kernel does not measure pressure (CONFIG_PSI; boot it with psi=1)", file);
}

}  // namespace

PressureSource::~PressureSource() = default;

Result<void> PressureSource::start(const Interests& interests, Sink sink) {
  sink_ = std::move(sink);
  return watch(interests);
}

Result<void> PressureSource::watch(const Interests& interests) {
  std::map<PressureCondition, Trigger> opened;
  std::map<PressureCondition, std::string> refused;
  for (const auto& condition : interests.pressures) {
    if (triggers_.contains(condition)) continue;
    auto trigger = open(condition);
    if (trigger) {
      opened.emplace(condition, std::move(*trigger));
    } else if (trigger.error().code == Errc::unsupported) {
      return fail(std::move(trigger.error()));
    } else {
      refused.emplace(condition, trigger.error().text);
    }
  }
  std::erase_if(triggers_, [&](const auto& known) { return !interests.pressures.contains(known.first); });
  triggers_.merge(opened);
  refused_ = std::move(refused);
  return {};
}

Result<PressureSource::Trigger> PressureSource::open(const PressureCondition& condition) {
  const std::string path = fmt::format("{}/{}", root_, file_of(condition.resource));
  auto fd = open_file(path, O_RDWR | O_NONBLOCK);
  if (!fd) {
    if (fd.error().code == Errc::not_found || errno == EOPNOTSUPP) return off(path);
    return fail(std::move(fd.error()));
  }
  // The kernel takes the text with its NUL.
  const std::string text = fmt::format("{} {} {}", condition.full ? "full" : "some", microseconds(condition.stall),
                                       microseconds(condition.window));
  if (::write(fd->get(), text.c_str(), text.size() + 1) < 0) {
    if (errno == EOPNOTSUPP) return off(path);
    const bool privilege = errno == EINVAL && condition.window % coarse_window != Duration::zero();
    return fail_errno(errno, fmt::format("the kernel refuses the pressure trigger {}{}", describe(condition),
                                         privilege ? " (without CAP_SYS_RESOURCE windows are multiples of 2s)" : ""));
  }
  auto watch = FdWatch::create(loop_, fd->get(), [this, condition](FdWatch::Ready ready) { fired(condition, ready); });
  if (!watch) return fail(std::move(watch.error()));
  (*watch)->want({.priority = true});  // always readable, so that would spin
  return Trigger{std::move(*fd), std::move(*watch)};
}

void PressureSource::fired(const PressureCondition& condition, FdWatch::Ready ready) {
  ++wakeups_;
  if (ready.failed) {
    refused_.insert_or_assign(condition,
                              fmt::format("the kernel gave up the pressure trigger {}", describe(condition)));
    triggers_.erase(condition);
    return;
  }
  if (!ready.priority) return;
  ++delivered_;
  sink_(PressureSeen{condition});
}

SourceStatus PressureSource::status() const {
  SourceStatus status;
  status.name = "pressure";
  if (triggers_.empty() && refused_.empty()) status.detail = "nothing is open";
  for (const auto& [condition, why] : refused_) status.detail += (status.detail.empty() ? "" : "\n") + why;
  status.delivered = delivered_;
  status.wakeups = wakeups_;
  return status;
}

}  // namespace schedkit
