#include "bpf/guard/switch_counter.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "bpf/guard/switches.h"
#include "bpf/schedulers/embedded.h"

SCHEDKIT_EMBEDDED(switches)

namespace schedkit {

namespace {

Result<volatile void*> map_shared(const bpf_object* object) {
  const bpf_map* map = bpf_object__find_map_by_name(object, ".bss");
  if (map == nullptr || bpf_map__value_size(map) < sizeof(guard_switches)) {
    return fail(Errc::failed, "the switch counter's object has no .bss");
  }
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* address = ::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
  if (address == MAP_FAILED) return fail_errno(errno, "cannot map the switch counter");
  return address;
}

}  // namespace

Result<SwitchCounter> SwitchCounter::attach() {
  libbpf_set_print([](libbpf_print_level, const char*, va_list) { return 0; });
  const auto elf = embedded_switches();
  bpf_object* object = bpf_object__open_mem(elf.data(), elf.size(), nullptr);
  if (object == nullptr) return fail_errno(errno, "cannot open the switch counter's object");
  if (const int error = bpf_object__load(object); error != 0) {
    return fail_errno(-error, "cannot load the switch counter");
  }
  const auto shared = map_shared(object);
  if (!shared) return fail(shared.error());
  const bpf_program* program = bpf_object__find_program_by_name(object, "on_switch");
  if (program == nullptr || bpf_program__attach(program) == nullptr) {
    return fail_errno(errno, "cannot attach the switch counter");
  }
  return SwitchCounter(*shared);
}

void SwitchCounter::begin_tick(std::uint64_t number) { static_cast<volatile guard_switches*>(shared_)->tick = number; }

std::uint64_t SwitchCounter::value() const { return static_cast<volatile guard_switches*>(shared_)->switched; }

}  // namespace schedkit
