// The attach gate of one run: the listener of a seccomp filter (seccomp_unotify(2)) that holds bpf(BPF_LINK_CREATE)
// calls. Calls that would attach a sched_ext scheduler are parked until open(); others proceed at once. Both proceed by
// CONTINUE, so the kernel reads the arguments again: this keeps well-behaved schedulers in order and is no security
// boundary.
//
// A parked call can vanish: its caller is killed, or (without SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) a signal
// interrupts it and the kernel makes the call anew, which arrives as another notification. The observer sees one wait
// in that case.
//
// When the last listener descriptor closes, parked calls fail with ENOSYS. A listener that is kept (by systemd, or over an
// exec) can be taken over by the next daemon; the kernel tells a call only once, so that one needs the ids of those that
// were parked.
#pragma once

#include <linux/seccomp.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/base/result.h"
#include "core/base/unique_fd.h"
#include "core/loop/fd_watch.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace schedkit {

// Whether a struct_ops map carries a sched_ext scheduler.
using IsSchedExtMap = std::function<bool(const UniqueFd& map)>;

// The real one, by the type of the map's value (btf_names.h).
IsSchedExtMap sched_ext_map_of(std::vector<std::uint32_t> value_types);

// All on the loop; any may be empty.
struct GateObserver {
  // A sched_ext attach call is parked and none was before, or others still wait after open(). May destroy the Gate.
  std::function<void()> arrived;
  // Which calls are parked has changed. The id of a new one is told before anything else is done about it.
  std::function<void(const std::vector<std::uint64_t>& ids)> parked;
  // A sched_ext attach call is about to proceed.
  std::function<void()> opening;
};

class Gate {
 public:
  static Result<std::unique_ptr<Gate>> create(Loop& loop, UniqueFd listener, IsSchedExtMap is_sched_ext,
                                              GateObserver observer);

  // Takes over what an earlier daemon had: its listener and the ids it had parked. Calls that nobody has received yet are
  // received in here. Afterwards `arrived` is called from a later turn, if one is parked.
  struct TakenOver {
    std::unique_ptr<Gate> gate;
    std::size_t known = 0;  // calls that were waiting and are accounted for: parked now, or let through in here
  };
  static Result<TakenOver> take_over(Loop& loop, UniqueFd listener, IsSchedExtMap is_sched_ext, GateObserver observer,
                                     const std::vector<std::uint64_t>& parked);

  const UniqueFd& listener() const { return listener_; }

  // Forgets calls that have vanished, then tells whether one is left.
  bool waiting();

  // Lets the call that waits longest proceed; Errc::not_found when none is left. If a signal has just taken it away,
  // `arrived` is called when the kernel has made it anew.
  Result<void> open();

  // While open, every call proceeds at once, those waiting now too.
  void keep_open(bool open);

 private:
  Gate(Loop& loop, UniqueFd listener, IsSchedExtMap is_sched_ext, GateObserver observer);
  bool receive();
  bool readable() const;
  void unpark(std::uint64_t id);
  void forget_vanished();
  void tell_later();
  Result<void> opened();
  bool is_valid(std::uint64_t id) const;
  bool proceed(std::uint64_t id) const;
  bool proceed_attaching(std::uint64_t id) const;
  void tell();

  UniqueFd listener_;
  const IsSchedExtMap is_sched_ext_;
  const GateObserver observer_;
  std::vector<std::uint64_t> parked_;  // notification ids, oldest first
  bool told_ = false;                  // the observer knows that a call waits
  bool keep_open_ = false;
  std::size_t notification_size_ = sizeof(seccomp_notif);
  Timer again_;
  std::unique_ptr<FdWatch> watch_;
};

}  // namespace schedkit
