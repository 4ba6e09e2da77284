#include "core/sched/bpf_calls.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/file.h"

namespace schedkit {

namespace {

constexpr std::uint32_t link_type_struct_ops = 9;  // BPF_LINK_TYPE_STRUCT_OPS

// The beginning of struct bpf_link_info, with the member struct_ops of its union.
struct LinkInfo {
  std::uint32_t type;
  std::uint32_t id;
  std::uint32_t prog_id;
  std::uint32_t pad;
  std::uint32_t struct_ops_map_id;
  std::uint32_t rest[15];
};

int call(bpf_cmd command, bpf_attr& attr) { return static_cast<int>(::syscall(SYS_bpf, command, &attr, sizeof(attr))); }

bpf_attr empty_attr() {
  bpf_attr attr;
  std::memset(&attr, 0, sizeof(attr));
  return attr;
}

UniqueFd open_by_id(bpf_cmd command, std::uint32_t id) {
  auto attr = empty_attr();
  attr.link_id = id;  // one union member for links and maps
  return UniqueFd(call(command, attr));
}

template <class Info>
bool read_info(const UniqueFd& object, Info& info) {
  auto attr = empty_attr();
  attr.info.bpf_fd = static_cast<std::uint32_t>(object.get());
  attr.info.info_len = sizeof(info);
  attr.info.info = reinterpret_cast<std::uintptr_t>(&info);
  return call(BPF_OBJ_GET_INFO_BY_FD, attr) == 0;
}

}  // namespace

Result<std::uint32_t> map_value_type(const UniqueFd& map) {
  bpf_map_info info{};
  if (!read_info(map, info)) return fail_errno(errno, "cannot ask about a BPF map");
  return info.btf_vmlinux_value_type_id;
}

Result<std::vector<StructOpsLink>> struct_ops_links() {
  std::vector<StructOpsLink> links;
  for (auto attr = empty_attr();; attr.start_id = attr.next_id) {
    if (call(BPF_LINK_GET_NEXT_ID, attr) != 0) {
      if (errno == ENOENT) return links;
      return fail_errno(errno, "cannot list the kernel's BPF links");
    }
    LinkInfo info{};
    {
      const auto link = open_by_id(BPF_LINK_GET_FD_BY_ID, attr.next_id);
      if (!link || !read_info(link, info)) continue;  // gone meanwhile
    }
    if (info.type != link_type_struct_ops || info.struct_ops_map_id == 0) continue;
    const auto map = open_by_id(BPF_MAP_GET_FD_BY_ID, info.struct_ops_map_id);
    const auto type = map_value_type(map);
    if (map && type) links.push_back({info.id, *type});
  }
}

std::optional<std::uint32_t> pinned_link_id(const std::string& path) {
  auto attr = empty_attr();
  attr.pathname = reinterpret_cast<std::uintptr_t>(path.c_str());
  attr.file_flags = BPF_F_RDONLY;
  UniqueFd object(call(BPF_OBJ_GET, attr));
  if (!object) {  // links are not opened read-only
    attr.file_flags = 0;
    object.reset(call(BPF_OBJ_GET, attr));
  }
  const auto what = read_file(fmt::format("/proc/self/fdinfo/{}", object.get()), 4096);
  if (!object || !what || what->find("\nlink_id:") == std::string::npos) return std::nullopt;
  LinkInfo info{};
  return read_info(object, info) ? std::optional(info.id) : std::nullopt;
}

Result<void> detach_link(std::uint32_t id) {
  const auto link = open_by_id(BPF_LINK_GET_FD_BY_ID, id);
  if (!link) return fail_errno(errno, fmt::format("cannot open BPF link {}", id));
  auto attr = empty_attr();
  attr.link_detach.link_fd = static_cast<std::uint32_t>(link.get());
  if (call(BPF_LINK_DETACH, attr) != 0) return fail_errno(errno, fmt::format("cannot detach BPF link {}", id));
  return {};
}

}  // namespace schedkit
