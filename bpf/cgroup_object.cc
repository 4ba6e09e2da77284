#include "bpf/cgroup_object.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>

#include "bpf/cgroups.skel.h"
#include "bpf/loading.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

struct DestroySkeleton {
  void operator()(cgroups_bpf* skeleton) const { cgroups_bpf__destroy(skeleton); }
};
struct FreeRing {
  void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
};

Result<void> add_prefixes(int map, const std::set<std::string>& prefixes, std::uint32_t generation) {
  const std::uint8_t present = 1;
  for (const auto& prefix : prefixes) {
    const auto size = std::min<std::size_t>(prefix.size(), CGROUPS_PREFIX_SIZE - 1);
    cgroups_key key{};
    key.bits = static_cast<std::uint32_t>(8 * (sizeof(cgroups_text::generation) + size));
    key.of.generation = generation;
    std::memcpy(key.of.text, prefix.data(), size);
    if (bpf_map_update_elem(map, &key, &present, BPF_ANY) != 0) {
      return fail_errno(errno, fmt::format("cannot tell the kernel to look for cgroups {}", quote(prefix)));
    }
  }
  return {};
}

}  // namespace

struct CgroupObject::Impl {
  std::unique_ptr<cgroups_bpf, DestroySkeleton> skeleton;
  std::unique_ptr<ring_buffer, FreeRing> ring;  // goes before the skeleton, whose map it reads
  OnRecord on_record;
  std::uint32_t room = 0;  // records that consume() may still hand over

  cgroups_control& control() const { return const_cast<cgroups_control&>(skeleton->bss->control); }
  int paths() const { return bpf_map__fd(skeleton->maps.paths); }
  int names() const { return bpf_map__fd(skeleton->maps.names); }

  Result<void> open_ring();
  void purge_but(std::uint32_t generation) const;
};

CgroupObject::CgroupObject(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CgroupObject::~CgroupObject() = default;

Result<std::unique_ptr<CgroupObject>> CgroupObject::load(OnRecord on_record, std::uint32_t ring_size) {
  bpf::log_messages();
  auto impl = std::make_unique<Impl>();
  impl->on_record = std::move(on_record);
  impl->skeleton.reset(cgroups_bpf__open());
  if (!impl->skeleton) return fail(bpf::load_error(errno, "cgroups"));
  bpf_map__set_max_entries(impl->skeleton->maps.ring, ring_size);
  if (const int error = cgroups_bpf__load(impl->skeleton.get()); error != 0) {
    return fail(bpf::load_error(-error, "cgroups"));
  }
  if (auto opened = impl->open_ring(); !opened) return fail(std::move(opened.error()));
  ::malloc_trim(0);  // the kernel's type information took megabytes while the programs were loaded
  return std::unique_ptr<CgroupObject>(new CgroupObject(std::move(impl)));
}

Result<void> CgroupObject::Impl::open_ring() {
  // A negative answer ends a round, see watch_object.cc.
  const auto receive = [](void* context, void* data, size_t size) noexcept -> int {
    auto* self = static_cast<Impl*>(context);
    if (size >= sizeof(cgroups_record)) self->on_record(*static_cast<const cgroups_record*>(data));
    return --self->room == 0 ? -EAGAIN : 0;
  };
  ring.reset(ring_buffer__new(bpf_map__fd(skeleton->maps.ring), receive, this, nullptr));
  if (!ring) return fail_errno(errno, "cannot map the BPF ring buffer");
  return {};
}

Result<void> CgroupObject::attach() {
  const int error = cgroups_bpf__attach(impl_->skeleton.get());
  if (error == 0) return {};
  detach();
  return fail_errno(-error, "cannot attach the BPF programs that watch cgroups");
}

void CgroupObject::detach() { cgroups_bpf__detach(impl_->skeleton.get()); }

void CgroupObject::Impl::purge_but(std::uint32_t generation) const {
  const auto old = [&](const cgroups_key& key) { return key.of.generation != generation; };
  bpf::purge<cgroups_key>(paths(), old);
  bpf::purge<cgroups_key>(names(), old);
}

Result<void> CgroupObject::set_filter(const CgroupFilter& filter) {
  auto& control = impl_->control();
  const std::uint32_t generation = control.generation + 1;
  auto added = add_prefixes(impl_->paths(), filter.paths, generation);
  if (added) added = add_prefixes(impl_->names(), filter.names, generation);
  if (!added) {
    impl_->purge_but(control.generation);
    return added;
  }
  control.filters[generation & 1] = {static_cast<std::uint32_t>(filter.paths.size()),
                                     static_cast<std::uint32_t>(filter.names.size())};
  std::atomic_ref(control.generation).store(generation);
  impl_->purge_but(generation);
  return {};
}

std::uint32_t CgroupObject::generation() const { return impl_->control().generation; }
std::uint64_t CgroupObject::lost() const { return std::atomic_ref(impl_->control().lost).load(); }
int CgroupObject::ring_fd() const { return bpf_map__fd(impl_->skeleton->maps.ring); }

Result<void> CgroupObject::consume(std::uint32_t most) {
  impl_->room = most;
  const int error = ring_buffer__consume(impl_->ring.get());
  if (error < 0 && error != -EAGAIN) return fail_errno(-error, "cannot read the BPF ring buffer");
  return {};
}

}  // namespace schedkit
