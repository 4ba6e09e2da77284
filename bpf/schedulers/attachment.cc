#include "bpf/schedulers/attachment.h"

#include <bpf/bpf.h>
#include <malloc.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <vector>

#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

constexpr const char* sysfs = "/sys/kernel/sched_ext";
bool verbose_libbpf = false;

__attribute__((format(printf, 2, 0))) int print_message(libbpf_print_level level, const char* format, va_list args) {
  if (level != LIBBPF_WARN && !verbose_libbpf) return 0;
  return vfprintf(stderr, format, args);
}

Result<std::uint64_t> hotplug_seq() {
  auto text = read_file(std::string(sysfs) + "/hotplug_seq", 64);
  if (!text) return fail(text.error());
  return parse_unsigned(trim(*text));
}

Result<void> check_kernel() {
  if (access(sysfs, F_OK) == 0) return {};
  return fail(Errc::unsupported,
              "{} does not exist: this needs a kernel (6.12 or later) with CONFIG_SCHED_CLASS_EXT, "
              "and /sys mounted",
              sysfs);
}

// What to do about a failed attach, where it is not obvious from the error.
std::string remedy(int error_number) {
  if (error_number == EBUSY) {
    auto name = read_file(std::string(sysfs) + "/root/ops", 256);
    return fmt::format(": the scheduler {} is attached; detach it first",
                       name ? quote(trim(*name)) : "of someone else");
  }
  if (error_number == EINVAL) return " (kernels booted with isolcpus=domain refuse all schedulers)";
  return "";
}

}  // namespace

void print_libbpf_messages(bool verbose) {
  verbose_libbpf = verbose;
  libbpf_set_print(print_message);
}

Result<void*> section_content(bpf_object* object, const char* section, std::size_t size) {
  std::size_t actual = 0;
  bpf_map* map = bpf_object__find_map_by_name(object, section);
  void* content = map ? bpf_map__initial_value(map, &actual) : nullptr;
  if (!content || actual != size)
    return fail(Errc::invalid, "BPF object: section {} has {} bytes, expected {}: built from different sources",
                section, actual, size);
  return content;
}

Result<std::unique_ptr<Attachment>> Attachment::load(std::span<const std::byte> elf, const Configure& configure) {
  if (auto ok = check_kernel(); !ok) return fail(ok.error());
  bpf_object_open_opts options{};
  options.sz = sizeof options;
  options.object_name = "schedkit";
  bpf_object* object = bpf_object__open_mem(elf.data(), elf.size(), &options);
  if (!object) return fail_errno(errno, "cannot open the BPF object");
  std::unique_ptr<Attachment> attachment(new Attachment(object));
  if (auto ok = attachment->prepare(configure); !ok) return fail(ok.error());
  malloc_trim(0);  // libbpf's copies of the BTF, several MB, are not needed any more
  return attachment;
}

Result<void> Attachment::prepare(const Configure& configure) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object_) {
    if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS) ops_map_ = map;
  }
  std::size_t size = 0;
  void* content = ops_map_ ? bpf_map__initial_value(ops_map_, &size) : nullptr;
  if (!content || size != sizeof(sched_ext_ops)) return fail(Errc::invalid, "the BPF object defines no sched_ext_ops");
  auto* ops = static_cast<sched_ext_ops*>(content);
  if (!ops->cpu_online) {
    auto seq = hotplug_seq();
    if (!seq) return fail(seq.error());
    ops->hotplug_seq = *seq;
  }
  if (auto ok = configure(object_, ops); !ok) return ok;
  if (int error = bpf_object__load(object_))
    return fail_errno(-error, fmt::format("cannot load the BPF programs{}",
                                          error == -EPERM ? " (CAP_BPF and CAP_PERFMON are needed)" : ""));
  auto remember = [](void* self, void* data, std::size_t length) {
    if (length >= sizeof(exit_report)) static_cast<Attachment*>(self)->report_ = *static_cast<exit_report*>(data);
    return 0;
  };
  reports_ = ring_buffer__new(bpf_object__find_map_fd_by_name(object_, "exit_reports"), remember, this, nullptr);
  if (!reports_) return fail_errno(errno, "cannot map the ring buffer of exit reports");
  return {};
}

Attachment::~Attachment() {
  detach();
  ring_buffer__free(reports_);
  bpf_object__close(object_);
}

Result<void> Attachment::attach() {
  link_ = bpf_map__attach_struct_ops(ops_map_);
  if (link_) return {};
  int error = errno;
  return fail_errno(error, fmt::format("cannot attach{}", remedy(error)));
}

int Attachment::exit_fd() const { return ring_buffer__epoll_fd(reports_); }

std::optional<exit_report> Attachment::exit_report_now() {
  ring_buffer__consume(reports_);
  return report_;
}

void Attachment::detach() {
  if (!link_) return;
  bpf_link__detach(link_);  // before closing, which would do nothing if a supervisor holds the link open
  bpf_link__destroy(link_);
  link_ = nullptr;
}

scheduler_counters Attachment::counters() const {
  scheduler_counters sum{};
  int cpus = libbpf_num_possible_cpus();
  int map = bpf_object__find_map_fd_by_name(object_, "counters");
  std::vector<scheduler_counters> each(cpus > 0 ? static_cast<std::size_t>(cpus) : 0);
  __u32 key = 0;
  if (map < 0 || each.empty() || bpf_map_lookup_elem(map, &key, each.data())) return sum;
  for (const auto& one : each) {
    sum.direct += one.direct;
    sum.queued += one.queued;
    sum.stolen += one.stolen;
  }
  return sum;
}

}  // namespace schedkit
