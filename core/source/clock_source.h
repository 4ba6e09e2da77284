#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/unique_fd.h"
#include "core/loop/dir_watch.h"
#include "core/loop/fd_watch.h"
#include "core/loop/loop.h"
#include "core/policy/trigger_source.h"

namespace schedkit {

// Source of the wall clock and the machine's time zone. The kernel wakes us when the clock is set and after a suspend
// (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET), inotify when those files of /etc change; time that merely passes wakes
// nobody.
class ClockSource final : public TriggerSource {
 public:
  struct Options {
    std::string etc = "/etc";                     // holds localtime (localtime(5)) and, on Debian, timezone
    std::function<Result<UniqueFd>()> make_jump;  // for tests: a descriptor that is readable when the clock was set
  };

  // `loop` and `clock` must outlive it.
  ClockSource(Loop& loop, const Clock& clock) : ClockSource(loop, clock, Options()) {}
  ClockSource(Loop& loop, const Clock& clock, Options options);
  ~ClockSource() override;

  Result<void> start(const Interests& interests, Sink sink) override;
  Result<void> watch(const Interests& interests) override;
  SourceStatus status() const override;

 private:
  Result<void> open();
  void close();
  void jumped();
  void tell_offset();
  void tell_zone(bool always);
  void tell(Event event);

  Loop& loop_;
  const Clock& clock_;
  Options options_;
  Sink sink_;
  UniqueFd jump_;
  std::unique_ptr<FdWatch> jump_watch_;  // goes before jump_
  std::unique_ptr<DirWatch> zone_watch_;
  std::optional<std::string> zone_;  // told last
  std::uint64_t delivered_ = 0;
  std::uint64_t wakeups_ = 0;
  std::string trouble_;
};

// The machine's zone by `etc`/localtime, a link into a zoneinfo tree, or by the name in `etc`/timezone; "" when neither
// tells.
std::string read_zone(const std::string& etc);

}  // namespace schedkit
