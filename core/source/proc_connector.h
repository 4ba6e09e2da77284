#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/loop/fd_watch.h"
#include "core/policy/trigger_source.h"
#include "core/source/proc_events.h"
#include "core/source/process_reporter.h"
#include "core/source/rescan_pacer.h"

namespace schedkit {

// TriggerSource for hosts where BPF programs may not be loaded: the kernel reports every process, and /proc is read to
// learn what it is. Each exec, fork, rename and exit on the machine wakes the loop, and a process that lives too
// shortly to be read is never seen. Otherwise it tells the same as the BPF source. With an empty filter there is no
// socket.
class ProcConnector final : public TriggerSource {
 public:
  // Tries whether the kernel sends events at all, see ProcEventSocket::open(). `why` is what status() gives as the
  // reason for this source. `loop` and `clock` must outlive it.
  static Result<std::unique_ptr<ProcConnector>> create(Loop& loop, const Clock& clock, std::string why);
  ~ProcConnector() override;

  Result<void> start(const Interests& interests, Sink sink) override;
  Result<void> watch(const Interests& interests) override;
  SourceStatus status() const override;

  // For tests: makes the queue of waiting events smaller. Errc::not_found while there is none.
  Result<void> set_buffer(int bytes);

 private:
  ProcConnector(Loop& loop, const Clock& clock, std::string why);

  Result<void> listen();
  void scan();
  void ready();
  void receive(const ProcEvent& event);

  Loop& loop_;
  std::string why_;
  ProcessReporter reporter_;
  RescanPacer pacer_;
  std::optional<ProcEventSocket> socket_;
  std::unique_ptr<FdWatch> watch_;  // goes before socket_, whose descriptor it watches
  std::uint64_t lost_ = 0;
  std::uint64_t wakeups_ = 0;
  std::string trouble_;
};

}  // namespace schedkit
