#include "core/source/clock_source.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <limits>
#include <utility>

#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

// After this a zone that is written in steps (unlink, link, /etc/timezone) is whole.
constexpr Duration zone_debounce = std::chrono::milliseconds(100);

// Never fires by itself. It must be set anew after each cancellation.
Result<void> arm(int timer) {
  itimerspec never{};
  never.it_value.tv_sec = std::numeric_limits<time_t>::max();
  if (::timerfd_settime(timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr) != 0) {
    return fail_errno(errno, "cannot watch for changes of the clock");
  }
  return {};
}

Result<UniqueFd> make_timer() {
  UniqueFd timer(::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer) return fail_errno(errno, "cannot make a timer");
  if (auto armed = arm(timer.get()); !armed) return fail(std::move(armed.error()));
  return timer;
}

}  // namespace

std::string read_zone(const std::string& etc) {
  constexpr std::string_view tree = "zoneinfo/";
  std::array<char, 4096> target;
  const ssize_t size = ::readlink((etc + "/localtime").c_str(), target.data(), target.size());
  if (size > 0) {
    const std::string_view path(target.data(), static_cast<std::size_t>(size));
    if (const auto at = path.rfind(tree); at != std::string_view::npos)
      return std::string(path.substr(at + tree.size()));
  }
  const auto text = read_file(etc + "/timezone", 4096);
  return text ? std::string(trim(split(*text, '\n').front())) : "";
}

ClockSource::ClockSource(Loop& loop, const Clock& clock, Options options)
    : loop_(loop), clock_(clock), options_(std::move(options)) {}

ClockSource::~ClockSource() = default;

Result<void> ClockSource::start(const Interests& interests, Sink sink) {
  sink_ = std::move(sink);
  return watch(interests);
}

Result<void> ClockSource::watch(const Interests& interests) {
  if (!interests.clock) {
    close();
    return {};
  }
  if (!jump_watch_) {
    if (auto opened = open(); !opened) {
      close();
      return opened;
    }
  }
  tell_offset();
  tell_zone(true);
  return {};
}

Result<void> ClockSource::open() {
  auto timer = options_.make_jump ? options_.make_jump() : make_timer();
  if (!timer) return fail(std::move(timer.error()));
  auto jump_watch = FdWatch::create(loop_, timer->get(), [this](FdWatch::Ready) { jumped(); });
  if (!jump_watch) return fail(std::move(jump_watch.error()));
  jump_ = std::move(*timer);
  jump_watch_ = std::move(*jump_watch);
  const auto changed = [this] {
    ++wakeups_;
    tell_zone(false);
  };
  auto zone_watch = DirWatch::create(loop_, {options_.etc}, zone_debounce, changed, {"localtime", "timezone"});
  if (!zone_watch) return fail(std::move(zone_watch.error()));
  zone_watch_ = std::move(*zone_watch);
  jump_watch_->want_readable();
  return {};
}

void ClockSource::close() {
  zone_watch_.reset();
  jump_watch_.reset();
  jump_.reset();
  zone_.reset();
}

// ECANCELED is the news; whatever else is read, looking again does no harm.
void ClockSource::jumped() {
  ++wakeups_;
  std::uint64_t ignored = 0;
  (void)!::read(jump_.get(), &ignored, sizeof(ignored));
  if (!options_.make_jump) {
    if (auto armed = arm(jump_.get()); !armed) trouble_ = armed.error().text;
  }
  tell_offset();
}

void ClockSource::tell_offset() {
  tell(ClockSet{clock_.wall_now().time_since_epoch() - clock_.now().time_since_epoch()});
}

void ClockSource::tell_zone(bool always) {
  const std::string zone = read_zone(options_.etc);
  if (!always && zone_ == zone) return;
  zone_ = zone;
  tell(ZoneChanged{zone});
}

void ClockSource::tell(Event event) {
  ++delivered_;
  sink_(std::move(event));
}

SourceStatus ClockSource::status() const {
  SourceStatus status;
  status.name = "clock";
  if (!zone_) {
    status.detail = "no rule looks at the time; nothing is open";
  } else if (zone_->empty()) {
    status.detail = options_.etc + "/localtime names no zone: UTC is used";
  } else {
    status.detail = "zone " + *zone_;
  }
  if (!trouble_.empty()) status.detail += "\n" + trouble_;
  status.delivered = delivered_;
  status.wakeups = wakeups_;
  return status;
}

}  // namespace schedkit
