#include "tests/core/image/image_fixture.h"

#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/image/hasher.h"
#include "core/image/tar_writer.h"

namespace schedkit::test {

namespace fs = std::filesystem;

TempTree::TempTree(const std::string& parent) {
  path_ = (parent.empty() ? fs::temp_directory_path().string() : parent) + "/schedkit-image-XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr) std::abort();
}

TempTree::~TempTree() { fs::remove_all(path_); }

std::vector<std::string> TempTree::listing(const std::string& below) const {
  std::vector<std::string> names;
  const fs::path base = below.empty() ? fs::path(path_) : fs::path(at(below));
  for (const auto& entry : fs::recursive_directory_iterator(base)) {
    names.push_back(entry.path().lexically_relative(base).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::size_t> StringSource::read(char* buffer, std::size_t size) {
  const std::size_t count = std::min({size, piece_, bytes_.size() - at_});
  bytes_.copy(buffer, count, at_);
  at_ += count;
  return count;
}

Tar& Tar::directory(const std::string& name, unsigned mode) {
  append_tar_entry(bytes, {name, '5', mode, 1000});
  return *this;
}
Tar& Tar::file(const std::string& name, std::string_view content, unsigned mode) {
  append_tar_entry(bytes, {name, '0', mode, 1000}, content);
  return *this;
}
Tar& Tar::symlink(const std::string& name, const std::string& target) {
  append_tar_entry(bytes, {name, '2', 0777, 1000, target});
  return *this;
}
Tar& Tar::hardlink(const std::string& name, const std::string& target) {
  append_tar_entry(bytes, {name, '1', 0644, 1000, target});
  return *this;
}
Tar& Tar::entry(const std::string& name, char type) {
  append_tar_entry(bytes, {name, type, 0644, 1000});
  return *this;
}

Tar& Tar::pax(const std::vector<std::pair<std::string, std::string>>& records) {
  std::string content;
  for (const auto& [key, value] : records) {
    const std::string rest = " " + key + "=" + value + "\n";
    std::size_t length = rest.size() + 1;
    while (std::to_string(length).size() + rest.size() != length) ++length;
    content += std::to_string(length) + rest;
  }
  append_tar_entry(bytes, {"pax", 'x', 0644, 1000}, content);
  return *this;
}

std::string Tar::done() const {
  std::string whole = bytes;
  end_tar(whole);
  return whole;
}

std::string gzip(std::string_view data) {
  z_stream stream{};
  if (::deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) std::abort();
  std::string packed(::deflateBound(&stream, data.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  if (::deflate(&stream, Z_FINISH) != Z_STREAM_END) std::abort();
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  return packed;
}

std::string zstd(std::string_view data) {
  std::string packed(::ZSTD_compressBound(data.size()), '\0');
  packed.resize(::ZSTD_compress(packed.data(), packed.size(), data.data(), data.size(), 3));
  return packed;
}

std::string digest_text(std::string_view bytes) { return digest_of(bytes)->to_string(); }

LayoutWriter::LayoutWriter(std::string path)
    : architecture(host_platform().architecture), config_extra(R"("Entrypoint":["/scx"])"), path_(std::move(path)) {
  fs::create_directories(path_ + "/blobs/sha256");
  write(path_ + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  index("");
}

std::string LayoutWriter::blob_path(const std::string& digest) const {
  return path_ + "/blobs/sha256/" + digest.substr(7);
}

std::string LayoutWriter::blob(std::string_view bytes, std::string_view media_type, const std::string& extra) {
  const std::string digest = digest_text(bytes);
  write(blob_path(digest), bytes);
  return fmt::format(R"({{"mediaType":"{}","digest":"{}","size":{}{}}})", media_type, digest, bytes.size(), extra);
}

std::string LayoutWriter::image(const std::string& tag, const std::vector<std::string>& layers) {
  std::string ids;
  std::string descriptors;
  for (const std::string& layer : layers) {
    const std::size_t at = static_cast<std::size_t>(&layer - layers.data());
    const std::string id = diff_ids.empty() ? digest_text(layer) : diff_ids.at(at);
    ids += (ids.empty() ? "\"" : ",\"") + id + "\"";
    descriptors += (descriptors.empty() ? "" : ",") + blob(gzip(layer), "application/vnd.oci.image.layer.v1.tar+gzip");
  }
  const std::string config =
      blob(fmt::format(
               R"({{"os":"linux","architecture":"{}","config":{{{}}},"rootfs":{{"type":"layers","diff_ids":[{}]}}}})",
               architecture, config_extra, ids),
           "application/vnd.oci.image.config.v1+json");
  const std::string manifest = fmt::format(R"({{"schemaVersion":2,"config":{},"layers":[{}]}})", config, descriptors);
  entries_[tag] = blob(manifest, "application/vnd.oci.image.manifest.v1+json",
                       fmt::format(R"(,"annotations":{{"org.opencontainers.image.ref.name":"{}"}})", tag));
  std::string all;
  for (const auto& [name, entry] : entries_) all += (all.empty() ? "" : ",") + entry;
  index(all);
  return digest_text(manifest);
}

void LayoutWriter::index(const std::string& entries) {
  write(path_ + "/index.json", R"({"schemaVersion":2,"manifests":[)" + entries + "]}");
}

void write(const std::string& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  if (!file.flush()) std::abort();
}

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

}  // namespace schedkit::test
