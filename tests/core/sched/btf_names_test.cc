#include "core/sched/btf_names.h"

#include <linux/btf.h>

#include <cstring>
#include <string>

#include <CppUTest/TestHarness.h>

using namespace schedkit;

namespace {

// Builds BTF type by type.
class Blob {
 public:
  std::uint32_t text(const std::string& text) {
    const auto offset = static_cast<std::uint32_t>(strings_.size());
    strings_ += text + '\0';
    return offset;
  }
  void type(std::uint32_t name, std::uint32_t kind, std::uint32_t count, std::size_t tail) {
    const std::uint32_t fields[3] = {name, kind << 24 | count, 0};
    types_.append(reinterpret_cast<const char*>(fields), sizeof(fields));
    types_.append(tail, '\x7f');
  }
  std::string finish() const {
    btf_header header{};
    header.magic = BTF_MAGIC;
    header.version = 1;
    header.hdr_len = sizeof(header);
    header.type_len = static_cast<std::uint32_t>(types_.size());
    header.str_off = header.type_len;
    header.str_len = static_cast<std::uint32_t>(strings_.size());
    return std::string(reinterpret_cast<const char*>(&header), sizeof(header)) + types_ + strings_;
  }

 private:
  std::string types_;
  std::string strings_ = std::string(1, '\0');
};

}  // namespace

TEST_GROUP(BtfNames) { Blob blob; };

TEST(BtfNames, finds_structs_behind_types_of_every_size) {
  const auto wanted = blob.text("wanted");
  const auto other = blob.text("other");
  blob.type(other, BTF_KIND_INT, 0, 4);                            // 1
  blob.type(0, BTF_KIND_PTR, 0, 0);                                // 2
  blob.type(0, BTF_KIND_ARRAY, 0, sizeof(btf_array));              // 3
  blob.type(other, BTF_KIND_STRUCT, 3, 3 * sizeof(btf_member));    // 4
  blob.type(wanted, BTF_KIND_TYPEDEF, 0, 0);                       // 5: not a struct
  blob.type(0, BTF_KIND_FUNC_PROTO, 2, 2 * sizeof(btf_param));     // 6
  blob.type(other, BTF_KIND_ENUM, 2, 2 * sizeof(btf_enum));        // 7
  blob.type(other, BTF_KIND_ENUM64, 2, 2 * sizeof(btf_enum64));    // 8
  blob.type(other, BTF_KIND_VAR, 0, sizeof(btf_var));              // 9
  blob.type(other, BTF_KIND_DATASEC, 1, sizeof(btf_var_secinfo));  // 10
  blob.type(other, BTF_KIND_DECL_TAG, 0, sizeof(btf_decl_tag));    // 11
  blob.type(wanted, BTF_KIND_STRUCT, 1, sizeof(btf_member));       // 12
  const auto found = find_structs(blob.finish(), {"wanted", "absent"});
  CHECK(found.has_value());
  CHECK(*found == std::vector<std::uint32_t>{12});
}

TEST(BtfNames, compares_whole_names) {
  blob.type(blob.text("wanted_too"), BTF_KIND_STRUCT, 0, 0);
  const auto found = find_structs(blob.finish(), {"wanted"});
  CHECK(found && found->empty());
}

TEST(BtfNames, every_cut_is_an_error_or_finds_nothing_false) {
  blob.type(blob.text("other"), BTF_KIND_STRUCT, 2, 2 * sizeof(btf_member));
  blob.type(blob.text("wanted"), BTF_KIND_STRUCT, 2, 2 * sizeof(btf_member));
  const std::string whole = blob.finish();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_FALSE(find_structs(whole.substr(0, size), {"wanted"}).has_value());
  }
  CHECK(*find_structs(whole, {"wanted"}) == std::vector<std::uint32_t>{2});
}

TEST(BtfNames, unknown_kind_is_refused) {
  blob.type(0, 31, 0, 0);
  CHECK(find_structs(blob.finish(), {"wanted"}).error().code == Errc::unsupported);
}

TEST(BtfNames, the_running_kernel_can_be_read) {
  const auto types = sched_ext_value_types();
  CHECK(types.has_value() || types.error().code == Errc::not_found);
}
