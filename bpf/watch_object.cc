#include "bpf/watch_object.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "bpf/loading.h"
#include "bpf/watch.skel.h"

namespace schedkit {

namespace {

struct DestroySkeleton {
  void operator()(watch_bpf* skeleton) const { watch_bpf__destroy(skeleton); }
};
struct FreeRing {
  void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
};

watch_exact_key exact_key(std::uint32_t generation, std::string_view name) {
  watch_exact_key key{};
  key.generation = generation;
  std::memcpy(key.name, name.data(), std::min(name.size(), sizeof(key.name) - 1));
  return key;
}

watch_trie_key trie_key(std::uint32_t generation, std::string_view name) {
  const auto bytes = sizeof(watch_exact_key::generation) + std::min<std::size_t>(name.size(), WATCH_NAME_SIZE - 1);
  return {static_cast<std::uint32_t>(8 * bytes), exact_key(generation, name)};
}

}  // namespace

struct WatchObject::Impl {
  std::unique_ptr<watch_bpf, DestroySkeleton> skeleton;
  std::unique_ptr<ring_buffer, FreeRing> ring;  // goes before the skeleton, whose map it reads
  OnRecord on_record;
  std::uint32_t room = 0;  // records that consume() may still hand over

  watch_control& control() const { return const_cast<watch_control&>(skeleton->bss->control); }
  int exact() const { return bpf_map__fd(skeleton->maps.exact_names); }
  int prefixes() const { return bpf_map__fd(skeleton->maps.prefixes); }
  int suffixes() const { return bpf_map__fd(skeleton->maps.suffixes); }
  int tracked() const { return bpf_map__fd(skeleton->maps.tracked); }

  Result<void> open_ring();
  Result<void> add_names(const ProcessFilter& filter, std::uint32_t generation);
  void purge_but(std::uint32_t generation);
};

WatchObject::WatchObject(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WatchObject::~WatchObject() = default;

Result<std::unique_ptr<WatchObject>> WatchObject::load(const Limits& limits, OnRecord on_record) {
  bpf::log_messages();
  auto impl = std::make_unique<Impl>();
  impl->on_record = std::move(on_record);
  impl->skeleton.reset(watch_bpf__open());
  if (!impl->skeleton) return fail(bpf::load_error(errno, "processes"));
  impl->skeleton->rodata->tick_ns = 1'000'000'000ULL / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  bpf_map__set_max_entries(impl->skeleton->maps.ring, limits.ring_size);
  bpf_map__set_max_entries(impl->skeleton->maps.tracked, limits.most_tracked);
  if (const int error = watch_bpf__load(impl->skeleton.get()); error != 0) {
    return fail(bpf::load_error(-error, "processes"));
  }
  if (auto opened = impl->open_ring(); !opened) return fail(std::move(opened.error()));
  ::malloc_trim(0);  // the kernel's type information took megabytes while the programs were loaded
  return std::unique_ptr<WatchObject>(new WatchObject(std::move(impl)));
}

Result<void> WatchObject::Impl::open_ring() {
  // A negative answer ends a round: libbpf 1.1 knows no other way to bound it. The record that caused it counts as
  // read.
  const auto receive = [](void* context, void* data, size_t size) noexcept -> int {
    auto* self = static_cast<Impl*>(context);
    if (size >= sizeof(watch_record)) self->on_record(*static_cast<const watch_record*>(data));
    return --self->room == 0 ? -EAGAIN : 0;
  };
  ring.reset(ring_buffer__new(bpf_map__fd(skeleton->maps.ring), receive, this, nullptr));
  if (!ring) return fail_errno(errno, "cannot map the BPF ring buffer");
  return {};
}

Result<void> WatchObject::attach() {
  const int error = watch_bpf__attach(impl_->skeleton.get());
  if (error == 0) return {};
  detach();
  return fail_errno(-error, "cannot attach the BPF programs that watch processes");
}

void WatchObject::detach() { watch_bpf__detach(impl_->skeleton.get()); }

Result<void> WatchObject::Impl::add_names(const ProcessFilter& filter, std::uint32_t generation) {
  const std::uint8_t present = 1;
  const auto failed = [](const std::string& name) {
    return fail_errno(errno, fmt::format("cannot tell the kernel to look for \"{}\"", name));
  };
  for (const auto& name : filter.exact) {
    const auto key = exact_key(generation, name);
    if (bpf_map_update_elem(exact(), &key, &present, BPF_ANY) != 0) return failed(name);
  }
  for (const auto& name : filter.prefixes) {
    const auto key = trie_key(generation, name);
    if (bpf_map_update_elem(prefixes(), &key, &present, BPF_ANY) != 0) return failed(name);
  }
  for (const auto& name : filter.suffixes) {
    const auto key = trie_key(generation, std::string(name.rbegin(), name.rend()));
    if (bpf_map_update_elem(suffixes(), &key, &present, BPF_ANY) != 0) return failed(name);
  }
  return {};
}

void WatchObject::Impl::purge_but(std::uint32_t generation) {
  bpf::purge<watch_exact_key>(exact(), [&](const auto& key) { return key.generation != generation; });
  bpf::purge<watch_trie_key>(prefixes(), [&](const auto& key) { return key.exact.generation != generation; });
  bpf::purge<watch_trie_key>(suffixes(), [&](const auto& key) { return key.exact.generation != generation; });
  bpf::purge<watch_tracked_key>(tracked(), [&](const auto& key) { return key.generation != generation; });
}

Result<void> WatchObject::set_filter(const ProcessFilter& filter) {
  auto& control = impl_->control();
  const std::uint32_t generation = control.generation + 1;
  if (auto added = impl_->add_names(filter, generation); !added) {
    impl_->purge_but(control.generation);
    return added;
  }
  auto& slot = control.filters[generation & 1];
  slot.everything = filter.everything ? 1 : 0;
  slot.exact = static_cast<std::uint32_t>(filter.exact.size());
  slot.prefixes = static_cast<std::uint32_t>(filter.prefixes.size());
  slot.longest_suffix = 0;
  for (const auto& suffix : filter.suffixes) {
    slot.longest_suffix = std::max(slot.longest_suffix, static_cast<std::uint32_t>(suffix.size()));
  }
  std::atomic_ref(control.generation).store(generation);
  std::atomic_ref(control.pass_all).store(0);
  impl_->purge_but(generation);
  return {};
}

void WatchObject::track(const ProcessId& id) {
  const watch_tracked_key key{static_cast<std::uint32_t>(id.pid), generation()};
  const std::uint64_t start_ticks = id.start_ticks;
  if (bpf_map_update_elem(impl_->tracked(), &key, &start_ticks, BPF_ANY) != 0) pass_all();
}

void WatchObject::pass_all() { std::atomic_ref(impl_->control().pass_all).store(1); }
bool WatchObject::passes_all() const { return std::atomic_ref(impl_->control().pass_all).load() != 0; }
std::uint32_t WatchObject::generation() const { return impl_->control().generation; }

// An __u64 in the kernel's memory that our side reads at once on every 64-bit machine.
std::uint64_t WatchObject::lost() const { return std::atomic_ref(impl_->control().lost).load(); }

// Not ring_buffer__epoll_fd(): an epoll within the loop's epoll costs each wake-up some microseconds.
int WatchObject::ring_fd() const { return bpf_map__fd(impl_->skeleton->maps.ring); }

Result<void> WatchObject::consume(std::uint32_t most) {
  impl_->room = most;
  const int error = ring_buffer__consume(impl_->ring.get());
  if (error < 0 && error != -EAGAIN) return fail_errno(-error, "cannot read the BPF ring buffer");
  return {};
}

}  // namespace schedkit
