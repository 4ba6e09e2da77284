#include "core/image/pack.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/file.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/image/hasher.h"
#include "core/image/platform.h"
#include "core/image/reference.h"
#include "core/image/tar_writer.h"
#include "core/image/trust/rfc3339.h"
#include "core/image/writable_layout.h"

namespace schedkit {
namespace {

constexpr const char* layer_media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
constexpr const char* config_media_type = "application/vnd.oci.image.config.v1+json";
constexpr const char* manifest_media_type = "application/vnd.oci.image.manifest.v1+json";
constexpr std::size_t max_program = 512u << 20;

Result<std::string> gzip(std::string_view data) {
  z_stream stream{};
  if (::deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
    return fail(Errc::failed, "zlib cannot start");
  }
  std::string packed(::deflateBound(&stream, data.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int result = ::deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  if (result != Z_STREAM_END) return fail(Errc::failed, "zlib cannot compress");
  return packed;
}

std::string make_layer(const PackRequest& request, std::string_view program) {
  std::string tar;
  for (const char* name : {"dev/", "proc/", "run/", "sys/", "var/"}) {
    append_tar_entry(tar, {name, '5', 0755, request.created});
  }
  append_tar_entry(tar, {"tmp/", '5', 01777, request.created});
  append_tar_entry(tar, {"var/run", '2', 0777, request.created, "/run"});
  append_tar_entry(tar, {request.name, '0', 0755, request.created}, program);
  end_tar(tar);
  return tar;
}

Json make_config(const PackRequest& request, const Digest& diff_id) {
  const Platform host = host_platform();
  Json run = {{"Entrypoint", Json::array({"/" + request.name})}, {"WorkingDir", "/"}};
  if (!request.arguments.empty()) run["Cmd"] = request.arguments;
  if (!request.labels.empty()) run["Labels"] = request.labels;
  Json config = {{"created", format_rfc3339(request.created)},
                 {"os", "linux"},
                 {"architecture", host.architecture},
                 {"config", run},
                 {"rootfs", {{"type", "layers"}, {"diff_ids", Json::array({diff_id.to_string()})}}}};
  // On amd64 the host's level says nothing about the program.
  if (host.architecture == "arm") config["variant"] = host.variant;
  return config;
}

std::string tag_of(const Json& entry) { return annotation_of(entry, ref_name_key); }

// Entries are kept in the order of their tags, so that the order of packing does not show.
Result<void> add_to_index(const WritableLayout& layout, const std::string& tag, Json descriptor) {
  auto index = layout.index();
  if (!index) return fail(std::move(index.error()));
  std::vector<Json> entries;
  for (const Json& entry : (*index)["manifests"]) {
    if (tag_of(entry) != tag) entries.push_back(entry);
  }
  descriptor["annotations"] = {{ref_name_key, tag}};
  entries.push_back(std::move(descriptor));
  std::stable_sort(entries.begin(), entries.end(), [](const Json& a, const Json& b) { return tag_of(a) < tag_of(b); });
  (*index)["manifests"] = entries;
  return layout.write_index(*index);
}

Result<void> check_request(const PackRequest& request) {
  const auto bad = [](char c) {
    return !(std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.');
  };
  const std::string& name = request.name;
  if (name.empty() || name.size() > 60 || name.front() == '.' || std::any_of(name.begin(), name.end(), bad)) {
    return fail(Errc::invalid, "the name {} must be 1 to 60 letters, digits, '_', '-' or '.'", quote(name));
  }
  for (const char* taken : {"dev", "proc", "run", "sys", "tmp", "var"}) {
    if (name == taken) return fail(Errc::invalid, "the name {} is that of a directory in the image", quote(name));
  }
  auto reference = parse_reference("oci:/layout:" + request.tag);
  if (!reference || reference->tag != request.tag) return fail(Errc::invalid, "{} is not a tag", quote(request.tag));
  if (request.created < 0 || request.created > 0777'7777'7777) {
    return fail(Errc::invalid, "the creation time {} is out of range", request.created);
  }
  return {};
}

// Keeps other packers off the layout while it is open.
Result<UniqueFd> lock_layout(const std::string& path) {
  if (auto made = make_directories(path, 0755); !made) return fail(std::move(made.error()));
  auto fd = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!fd) return fd;
  while (::flock(fd->get(), LOCK_EX) != 0) {
    if (errno != EINTR) return fail_errno(errno, "cannot lock " + path);
  }
  return fd;
}

// The manifest's text for the already checked `program`; its blobs are written.
Result<std::string> write_contents(const WritableLayout& layout, const PackRequest& request, std::string_view program) {
  const std::string tar = make_layer(request, program);
  auto diff_id = digest_of(tar);
  if (!diff_id) return fail(std::move(diff_id.error()));
  auto packed = gzip(tar);
  if (!packed) return packed;
  auto config_text = dump_json(make_config(request, *diff_id));
  if (!config_text) return config_text;
  auto blob = layout.blob(*packed, layer_media_type);
  if (!blob) return fail(std::move(blob.error()));
  auto config = layout.blob(*config_text, config_media_type);
  if (!config) return fail(std::move(config.error()));
  return dump_json({{"schemaVersion", 2},
                    {"mediaType", manifest_media_type},
                    {"config", std::move(*config)},
                    {"layers", Json::array({std::move(*blob)})}});
}

Result<Elf64_Half> own_machine() {
  auto fd = open_file("/proc/self/exe", O_RDONLY);
  if (!fd) return fail(std::move(fd.error()));
  Elf64_Ehdr header{};
  if (::read(fd->get(), &header, sizeof header) != static_cast<ssize_t>(sizeof header)) {
    return fail(Errc::io, "cannot read /proc/self/exe");
  }
  return header.e_machine;
}

}  // namespace

Result<void> require_static_program(std::string_view program, const std::string& path) {
  Elf64_Ehdr header{};
  if (program.size() < sizeof header || !program.starts_with(ELFMAG))
    return fail(Errc::invalid, "{} is not an ELF program", path);
  std::memcpy(&header, program.data(), sizeof header);
  auto machine = own_machine();
  if (!machine) return fail(std::move(machine.error()));
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != *machine) {
    return fail(Errc::invalid, "{} is a program for another architecture than this machine's", path);
  }
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    if (header.e_phoff > program.size() || (program.size() - header.e_phoff) / sizeof segment <= i) {
      return fail(Errc::invalid, "{} is a damaged ELF program", path);
    }
    std::memcpy(&segment, program.data() + header.e_phoff + i * sizeof segment, sizeof segment);
    if (segment.p_type != PT_INTERP) continue;
    return fail(Errc::invalid, "{} is dynamically linked; the image holds nothing else, link it with -static", path);
  }
  return {};
}

Result<Digest> pack_image(const PackRequest& request) {
  if (auto checked = check_request(request); !checked) return fail(std::move(checked.error()));
  auto program = read_file(request.binary, max_program);
  if (!program) return fail(std::move(program.error()));
  if (auto checked = require_static_program(*program, request.binary); !checked)
    return fail(std::move(checked.error()));
  auto locked = lock_layout(request.layout);
  if (!locked) return fail(std::move(locked.error()));
  auto layout = WritableLayout::open(request.layout);
  if (!layout) return fail(std::move(layout.error()));
  auto manifest = write_contents(*layout, request, *program);
  if (!manifest) return fail(std::move(manifest.error()));
  auto descriptor = layout->blob(*manifest, manifest_media_type);
  if (!descriptor) return fail(std::move(descriptor.error()));
  (*descriptor)["platform"] = {{"os", "linux"}, {"architecture", host_platform().architecture}};
  auto digest = digest_of(*manifest);
  if (!digest) return digest;
  if (auto added = add_to_index(*layout, request.tag, std::move(*descriptor)); !added) {
    return fail(std::move(added.error()));
  }
  return digest;
}

}  // namespace schedkit
