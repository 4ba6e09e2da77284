// watch.bpf.c loaded into the kernel: its programs, maps and ring.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "bpf/watch.h"
#include "core/base/result.h"
#include "core/policy/process_filter.h"

namespace schedkit {

class WatchObject {
 public:
  // Called for each record; the record is valid during the call only.
  using OnRecord = std::function<void(const watch_record&)>;

  struct Limits {
    std::uint32_t ring_size = WATCH_RING_SIZE;  // a power of two of whole pages
    std::uint32_t most_tracked = WATCH_MOST_TRACKED;
  };

  // Verifies and loads the programs without attaching them. Errc::denied without CAP_BPF and CAP_PERFMON,
  // Errc::unsupported when the kernel has no BTF or lacks something else that is needed.
  static Result<std::unique_ptr<WatchObject>> load(const Limits& limits, OnRecord on_record);
  ~WatchObject();

  // Both may be called again. A failed attach() leaves nothing attached.
  Result<void> attach();
  void detach();

  // Makes `filter` the one in force and forgets what was tracked before. On an error the former one stays.
  Result<void> set_filter(const ProcessFilter& filter);

  // Tracks a process, so that its end and its changes are reported. When there is no room, all processes are reported
  // from now on until the next set_filter().
  void track(const ProcessId& id);

  // From now on all processes are reported, until the next set_filter().
  void pass_all();

  std::uint32_t generation() const;
  std::uint64_t lost() const;
  bool passes_all() const;

  // Readable when there are records. Owned by this object: stop watching it before destroying this.
  int ring_fd() const;

  // Hands over at most `most` records, in order; with more left the descriptor stays readable.
  Result<void> consume(std::uint32_t most);

 private:
  struct Impl;
  explicit WatchObject(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace schedkit
