#include "core/sched/btf_names.h"

#include <linux/btf.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/base/file.h"

namespace schedkit {

namespace {

constexpr std::size_t size_limit = 64 * 1024 * 1024;

template <class T>
bool read_at(std::string_view bytes, std::size_t offset, T& value) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return false;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return true;
}

// Bytes behind a btf_type that belong to it; nullopt for a kind we do not know, since nothing after it can be found.
std::optional<std::size_t> tail_size(std::uint32_t kind, std::size_t count) {
  switch (kind) {
    case BTF_KIND_PTR:
    case BTF_KIND_FWD:
    case BTF_KIND_TYPEDEF:
    case BTF_KIND_VOLATILE:
    case BTF_KIND_CONST:
    case BTF_KIND_RESTRICT:
    case BTF_KIND_FUNC:
    case BTF_KIND_FLOAT:
    case BTF_KIND_TYPE_TAG: return 0;
    case BTF_KIND_INT: return sizeof(std::uint32_t);
    case BTF_KIND_ARRAY: return sizeof(btf_array);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION: return count * sizeof(btf_member);
    case BTF_KIND_ENUM: return count * sizeof(btf_enum);
    case BTF_KIND_FUNC_PROTO: return count * sizeof(btf_param);
    case BTF_KIND_VAR: return sizeof(btf_var);
    case BTF_KIND_DATASEC: return count * sizeof(btf_var_secinfo);
    case BTF_KIND_DECL_TAG: return sizeof(btf_decl_tag);
    case BTF_KIND_ENUM64: return count * sizeof(btf_enum64);
    default: return std::nullopt;
  }
}

struct Sections {
  std::string_view types;
  std::string_view strings;
};

Result<Sections> sections_of(std::string_view btf) {
  btf_header header{};
  if (!read_at(btf, 0, header)) return fail(Errc::invalid, "the BTF is too short for its header");
  if (header.magic != BTF_MAGIC) return fail(Errc::invalid, "not BTF of this byte order: magic {:#06x}", header.magic);
  if (header.hdr_len < sizeof(header) || header.hdr_len > btf.size()) {
    return fail(Errc::invalid, "the BTF header claims {} bytes", header.hdr_len);
  }
  const auto body = btf.substr(header.hdr_len);
  const auto inside = [&](std::uint64_t offset, std::uint64_t size) { return offset + size <= body.size(); };
  if (!inside(header.type_off, header.type_len) || !inside(header.str_off, header.str_len)) {
    return fail(Errc::invalid, "a section of the BTF lies outside of it");
  }
  Sections sections{body.substr(header.type_off, header.type_len), body.substr(header.str_off, header.str_len)};
  if (sections.strings.empty() || sections.strings.back() != '\0') {
    return fail(Errc::invalid, "the strings of the BTF have no end");
  }
  return sections;
}

}  // namespace

Result<std::vector<std::uint32_t>> find_structs(std::string_view btf, const std::vector<std::string_view>& names) {
  const auto sections = sections_of(btf);
  if (!sections) return fail(sections.error());
  std::vector<std::uint32_t> found;
  std::uint32_t id = 1;  // 0 is void
  for (std::size_t offset = 0; offset < sections->types.size(); ++id) {
    btf_type type{};
    if (!read_at(sections->types, offset, type)) return fail(Errc::invalid, "BTF type {} is cut off", id);
    const auto tail = tail_size(BTF_INFO_KIND(type.info), BTF_INFO_VLEN(type.info));
    if (!tail) return fail(Errc::unsupported, "BTF type {} is of unknown kind {}", id, BTF_INFO_KIND(type.info));
    offset += sizeof(type) + *tail;
    if (BTF_INFO_KIND(type.info) != BTF_KIND_STRUCT || type.name_off >= sections->strings.size()) continue;
    const std::string_view name = sections->strings.data() + type.name_off;  // sections_of() made sure of the final 0
    if (std::find(names.begin(), names.end(), name) != names.end()) found.push_back(id);
  }
  return found;
}

Result<std::vector<std::uint32_t>> sched_ext_value_types(const std::string& btf_path) {
  const auto btf = read_file(btf_path, size_limit);
  if (!btf) return fail(btf.error());
  auto found = find_structs(*btf, {"bpf_struct_ops_sched_ext_ops", "bpf_struct_ops_sched_ext_ops_cid"});
  if (!found) return fail(with_context(found.error(), btf_path));
  return found;
}

}  // namespace schedkit
