// cgroups.bpf.c loaded into the kernel: its programs, maps and ring.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "bpf/cgroups.h"
#include "core/base/result.h"
#include "core/policy/cgroup_glob.h"

namespace schedkit {

class CgroupObject {
 public:
  // Called for each record; the record is valid during the call only.
  using OnRecord = std::function<void(const cgroups_record&)>;

  // Verifies and loads the programs without attaching them. Errc::denied without CAP_BPF and CAP_PERFMON,
  // Errc::unsupported when the kernel has no BTF or lacks something else that is needed. `ring_size`: a power of two of
  // whole pages.
  static Result<std::unique_ptr<CgroupObject>> load(OnRecord on_record, std::uint32_t ring_size = CGROUPS_RING_SIZE);
  ~CgroupObject();

  // A failed attach() leaves nothing attached.
  Result<void> attach();
  void detach();

  // Makes `filter` the one in force. On an error the former one stays.
  Result<void> set_filter(const CgroupFilter& filter);

  std::uint32_t generation() const;
  std::uint64_t lost() const;

  // Readable when there are records. Owned by this object: stop watching it before destroying this.
  int ring_fd() const;

  // Hands over at most `most` records, in order; with more left the descriptor stays readable.
  Result<void> consume(std::uint32_t most);

 private:
  struct Impl;
  explicit CgroupObject(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace schedkit
