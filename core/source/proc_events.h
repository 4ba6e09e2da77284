// The kernel's process events connector (Documentation/driver-api/connector.rst, linux/cn_proc.h): netlink messages for
// exec, rename, fork and exit, of all processes alike.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "core/base/result.h"
#include "core/base/unique_fd.h"

namespace schedkit {

struct ProcEvent {
  enum class Kind { exec, rename, fork, exit };
  Kind kind = Kind::exec;
  std::int32_t thread = 0;   // of a fork: the child's
  std::int32_t process = 0;  // thread group id; of a fork: the child's
  std::int32_t parent = 0;   // thread group id; of a fork only

  bool operator==(const ProcEvent&) const = default;
};

// The events in one datagram; other kinds, acknowledgements and malformed messages are passed over.
void parse_proc_events(std::span<const std::byte> datagram, const std::function<void(const ProcEvent&)>& each);

class ProcEventSocket {
 public:
  // Asks the kernel for just these kinds (Linux 6.6); an older one is asked for all. Makes sure that events do arrive.
  // Errc::unsupported when they do not: the kernel lacks CONFIG_PROC_EVENTS, or does not permit it.
  static Result<ProcEventSocket> open();
  ProcEventSocket(ProcEventSocket&&) = default;
  ProcEventSocket& operator=(ProcEventSocket&&) = delete;
  ~ProcEventSocket();

  int fd() const { return fd_.get(); }
  bool filtered() const { return filtered_; }

  // Hands over what has arrived, at most `most` datagrams; the answer counts how often the kernel dropped events
  // because the queue was full.
  Result<std::uint64_t> receive(std::size_t most, const std::function<void(const ProcEvent&)>& each);

  // For tests: the queue's size in bytes.
  Result<void> set_buffer(int bytes);

 private:
  explicit ProcEventSocket(UniqueFd fd) : fd_(std::move(fd)) {}

  Result<void> subscribe(std::uint32_t operation, bool filtered);
  bool hears_itself();

  UniqueFd fd_;
  bool filtered_ = false;
};

}  // namespace schedkit
