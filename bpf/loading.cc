#include "bpf/loading.h"

#include <bpf/libbpf.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdarg>

#include "core/base/log.h"

namespace schedkit::bpf {

namespace {

int log_libbpf(libbpf_print_level, const char* format, va_list arguments) {
  if (log::level() < log::Level::debug) return 0;
  std::array<char, 1024> line;
  std::vsnprintf(line.data(), line.size(), format, arguments);
  std::string_view text(line.data());
  while (text.ends_with('\n')) text.remove_suffix(1);
  log::write(log::Level::debug, text);
  return 0;
}

}  // namespace

void log_messages() { libbpf_set_print(log_libbpf); }

Error load_error(int error, std::string_view what) {
  if (error == EPERM || error == EACCES) {
    return {Errc::denied, "may not load BPF programs: CAP_BPF and CAP_PERFMON (or root) are needed", {}};
  }
  if (::access("/sys/kernel/btf/vmlinux", R_OK) != 0) {
    return {
        Errc::unsupported, "cannot load BPF programs: /sys/kernel/btf/vmlinux is missing (CONFIG_DEBUG_INFO_BTF)", {}};
  }
  auto failure = fail_errno(error, fmt::format("cannot load the BPF programs that watch {}", what)).value();
  failure.code = Errc::unsupported;
  return failure;
}

}  // namespace schedkit::bpf
