// Access to an object that the build linked in by `ld -r -b binary` (see embed_bpf_object in CMakeLists.txt).
#pragma once

#include <cstddef>
#include <span>

// Defines embedded_NAME(), the bytes of NAME.bpf.o.
#define SCHEDKIT_EMBEDDED(name)                                        \
  extern "C" const std::byte _binary_##name##_bpf_o_start[];           \
  extern "C" const std::byte _binary_##name##_bpf_o_end[];             \
  static std::span<const std::byte> embedded_##name() {                \
    return {_binary_##name##_bpf_o_start, _binary_##name##_bpf_o_end}; \
  }
