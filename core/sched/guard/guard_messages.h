// What schedkitd and schedkit-guard say to each other: one struct per packet on a SOCK_SEQPACKET socket of one machine.
// Both begin with the version of the sender: after an upgrade the daemon ends the old guard instead of guessing what it
// means.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace schedkit {

using GuardText = std::array<char, 192>;

// To the guard.
struct GuardOrder {
  enum Kind : std::uint32_t { configure, announce, quit };

  std::array<char, 32> version{};
  Kind kind = configure;
  std::uint32_t foreign = 1;   // configure: watch schedulers that schedkit did not attach, too
  std::uint64_t stall_ns = 0;  // configure: the limit
};

// From the guard.
struct GuardWord {
  enum Kind : std::uint32_t { ready, useless, ejected };

  std::array<char, 32> version{};
  Kind kind = ready;
  std::uint32_t counts_switches = 0;  // the BPF counter is attached
  GuardText text{};                   // useless: why; ejected: what was ejected and why
};

template <std::size_t size>
void set_text(std::array<char, size>& to, std::string_view text) {
  to.fill('\0');
  text.copy(to.data(), size - 1);
}

template <std::size_t size>
std::string_view text_of(const std::array<char, size>& from) {
  const std::string_view all(from.data(), size);
  return all.substr(0, all.find('\0'));
}

// Names in the run directory: the lock that makes the guard the only one, and the socket where a new daemon finds it.
constexpr std::string_view guard_lock_name = "guard.lock";
constexpr std::string_view guard_socket_name = "guard.sock";

// How the guard's lines in the kernel log begin; kmsg.h joins them with the kernel's own.
constexpr std::string_view guard_log_prefix = "schedkit-guard: ";

}  // namespace schedkit
