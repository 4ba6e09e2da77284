// One scheduler's BPF object over its life: loaded, attached, ended. Only what is common to our schedulers; the command
// line and the event loop are in scheduler_main.h.
#pragma once

#include <bpf/libbpf.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "bpf/schedulers/exit_report.h"
#include "bpf/schedulers/sched_ext_ops.h"
#include "bpf/schedulers/settings.h"
#include "core/base/result.h"

namespace schedkit {

// Prints libbpf's warnings (the verifier's log among them) on stderr; debugging output too when `verbose`.
void print_libbpf_messages(bool verbose);

// Sets the settings and members of the ops before they are fixed by loading.
using Configure = std::function<Result<void>(bpf_object* object, sched_ext_ops* ops)>;

// The content of the map of `section` (".rodata.settings"), to be changed before loading; an error when the object has
// no such section of that size.
Result<void*> section_content(bpf_object* object, const char* section, std::size_t size);

class Attachment {
 public:
  // Opens `elf`, lets `configure` change it, and loads it (seconds at worst: the kernel verifies the programs). A
  // program that has no ops.cpu_online gets the kernel's present hotplug_seq, read before `configure` looks at the
  // topology, so that the kernel notices if CPUs come or go until it is attached.
  static Result<std::unique_ptr<Attachment>> load(std::span<const std::byte> elf, const Configure& configure);

  // Detaches.
  ~Attachment();
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;

  // Asks the kernel to run it; may be parked for long in the call by a supervisor. Success does not mean that it runs:
  // when ops.init() fails, or CPUs came or went since loading, the end is reported like any other.
  Result<void> attach();

  // Readable (poll, epoll) when the kernel has ended the scheduler.
  int exit_fd() const;

  // Why it ended; empty while it has not.
  std::optional<exit_report> exit_report_now();

  // Ends it; returns when the kernel has put all tasks back to its own scheduler.
  void detach();

  // All CPUs' counters added up.
  scheduler_counters counters() const;

  bpf_object* object() const { return object_; }
  bpf_map* ops_map() const { return ops_map_; }

 private:
  explicit Attachment(bpf_object* object) : object_(object) {}
  Result<void> prepare(const Configure& configure);

  bpf_object* object_;
  bpf_map* ops_map_ = nullptr;
  bpf_link* link_ = nullptr;
  ring_buffer* reports_ = nullptr;
  std::optional<exit_report> report_;
};

}  // namespace schedkit
