// The attach gate of one run: the listener of a seccomp filter (seccomp_unotify(2)) that holds bpf(BPF_LINK_CREATE)
// calls. Calls that would attach a sched_ext scheduler are parked until open(); others proceed at once. Both proceed by
// CONTINUE, so the kernel reads the arguments again: this keeps well-behaved schedulers in order and is no security
// boundary.
//
// A parked call can vanish: its caller is killed, or (without SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) a signal
// interrupts it and the kernel makes the call anew, which arrives as another notification. The observer sees one wait
// in that case.
//
// When the last listener descriptor closes, parked calls fail with ENOSYS.
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

class Gate {
 public:
  // `arrived` is called on the loop when a sched_ext attach call is parked and none was before, or when others still
  // wait after open(). It may destroy the Gate.
  static Result<std::unique_ptr<Gate>> create(Loop& loop, UniqueFd listener, IsSchedExtMap is_sched_ext,
                                              std::function<void()> arrived);

  // Forgets calls that have vanished, then tells whether one is left.
  bool waiting();

  // Lets the call that waits longest proceed; Errc::not_found when none is left. If a signal has just taken it away,
  // `arrived` is called when the kernel has made it anew.
  Result<void> open();

  // While open, every call proceeds at once, those waiting now too.
  void keep_open(bool open);

 private:
  Gate(Loop& loop, UniqueFd listener, IsSchedExtMap is_sched_ext, std::function<void()> arrived);
  void receive();
  Result<void> opened();
  void park(std::uint64_t id);
  bool attaches_sched_ext(const seccomp_notif& call) const;
  bool is_valid(std::uint64_t id) const;
  bool proceed(std::uint64_t id) const;
  void tell();

  UniqueFd listener_;
  const IsSchedExtMap is_sched_ext_;
  const std::function<void()> arrived_;
  std::vector<std::uint64_t> parked_;  // notification ids, oldest first
  bool told_ = false;                  // the observer knows that a call waits
  bool keep_open_ = false;
  std::size_t notification_size_ = sizeof(seccomp_notif);
  Timer again_;
  std::unique_ptr<FdWatch> watch_;
};

}  // namespace schedkit
