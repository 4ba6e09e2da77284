#include "core/image/layout.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <set>
#include <utility>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/image/hasher.h"
#include "core/image/json.h"
#include "core/image/writable_layout.h"

namespace schedkit {
namespace {

// Opens a regular file below `directory`. Links that lead out of it are refused by the kernel with EXDEV.
Result<UniqueFd> open_inside(int directory, const std::string& path, const std::string& name) {
  struct open_how how {};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how)));
  if (!fd && errno == EXDEV) return fail(Errc::invalid, "{} is a link that leads out of the layout", name);
  if (!fd) return fail_errno(errno, "cannot open " + name);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno(errno, "cannot look at " + name);
  if (!S_ISREG(status.st_mode)) return fail(Errc::invalid, "{} is not a regular file", name);
  return fd;
}

class FileSource final : public ByteSource {
 public:
  FileSource(UniqueFd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}

  Result<std::size_t> read(char* buffer, std::size_t size) override {
    ssize_t got = 0;
    do {
      got = ::read(fd_.get(), buffer, size);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return fail_errno(errno, "cannot read " + name_);
    return static_cast<std::size_t>(got);
  }

 private:
  UniqueFd fd_;
  std::string name_;
};

class BlobFile final : public ByteSource {
 public:
  BlobFile(UniqueFd fd, const Descriptor& descriptor, const std::string& name)
      : file_(std::move(fd), name), verified_(file_, descriptor.digest, descriptor.size, name) {}
  Result<std::size_t> read(char* buffer, std::size_t size) override { return verified_.read(buffer, size); }

 private:
  FileSource file_;
  VerifyingSource verified_;
};

Result<std::string> read_inside(int directory, const std::string& layout, const char* file, std::size_t limit) {
  const std::string name = layout + "/" + file;
  auto fd = open_inside(directory, file, name);
  if (!fd) return fail(std::move(fd.error()));
  FileSource source(std::move(*fd), name);
  auto text = read_all(source, limit);
  if (!text) return fail(with_context(std::move(text.error()), name));
  return text;
}

Result<void> check_version(std::string_view text, std::size_t limit) {
  auto json = parse_json(text, limit);
  if (!json) return fail(std::move(json.error()));
  JsonFields fields(*json, "oci-layout");
  const std::string version = fields.required_text("imageLayoutVersion");
  if (auto done = fields.done(); !done) return done;
  if (version == "1.0.0") return {};
  return fail(Errc::unsupported, "layout version {} is not supported, only \"1.0.0\"", quote(version));
}

}  // namespace

Result<std::string> read_document(BlobSource& blobs, const Descriptor& descriptor, const ImageLimits& limits) {
  if (descriptor.size > limits.document_bytes) {
    return fail(Errc::limit, "{} is larger than {}", descriptor.digest.to_string(), format_size(limits.document_bytes));
  }
  auto source = blobs.open_blob(descriptor);
  if (!source) return fail(std::move(source.error()));
  return read_all(**source, limits.document_bytes);
}

Result<std::unique_ptr<ByteSource>> open_blob_file(const std::string& path, const Descriptor& descriptor) {
  auto fd = open_file(path, O_RDONLY | O_NOFOLLOW);
  if (!fd) return fail(std::move(fd.error()));
  return std::make_unique<BlobFile>(std::move(*fd), descriptor, path);
}

Result<Layout> Layout::open(const std::string& path, const ImageLimits& limits) {
  auto directory = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!directory) return fail(std::move(directory.error()));
  return open(std::move(*directory), path, limits);
}

Result<Layout> Layout::open(UniqueFd directory, std::string path, const ImageLimits& limits) {
  Layout layout(std::move(directory), std::move(path));
  auto version = read_inside(layout.directory_.get(), layout.path_, "oci-layout", 4096);
  if (!version && version.error().code == Errc::not_found) {
    return fail(Errc::invalid, "{} is not an OCI image layout: it has no file oci-layout", layout.path_);
  }
  if (!version) return fail(std::move(version.error()));
  if (auto checked = check_version(*version, limits.document_bytes); !checked) {
    return fail(with_context(std::move(checked.error()), layout.path_ + "/oci-layout"));
  }
  auto text = read_inside(layout.directory_.get(), layout.path_, "index.json", limits.document_bytes);
  if (!text) return fail(std::move(text.error()));
  auto document = parse_document(*text, "", limits);
  if (!document) return fail(with_context(std::move(document.error()), layout.path_ + "/index.json"));
  auto* index = std::get_if<Index>(&*document);
  if (index == nullptr) return fail(Errc::invalid, "{}/index.json is not an image index", layout.path_);
  layout.index_ = std::move(*index);
  return layout;
}

std::string Layout::tags() const {
  std::set<std::string> names;
  for (const Descriptor& entry : index_.manifests) {
    const auto found = entry.annotations.find(ref_name_key);
    if (found != entry.annotations.end() && names.size() < 20) names.insert(quote(found->second, 60));
  }
  return names.empty() ? "none" : join({names.begin(), names.end()}, ", ");
}

Result<Descriptor> Layout::find(const Reference& reference, const Platform& host) const {
  std::vector<Descriptor> matching;
  for (const Descriptor& entry : index_.manifests) {
    const auto name = entry.annotations.find(ref_name_key);
    const bool tagged = name != entry.annotations.end() && name->second == reference.tag;
    const bool wanted = reference.digest ? entry.digest == *reference.digest : reference.tag.empty() || tagged;
    if (wanted) matching.push_back(entry);
  }
  if (matching.empty() && reference.digest) {
    return fail(Errc::not_found, "{} holds no image {}", path_, reference.digest->to_string());
  }
  if (matching.empty()) {
    return fail(Errc::not_found, "{} holds no image tagged {}; tags: {}", path_, quote(reference.tag), tags());
  }
  if (matching.size() == 1 || reference.digest) return matching.front();
  if (reference.tag.empty()) {
    return fail(Errc::invalid, "{} holds {} images; add one of the tags: {}", path_, matching.size(), tags());
  }
  auto chosen = choose_entry(matching, host);
  if (!chosen) return fail(with_context(std::move(chosen.error()), reference.to_string()));
  return chosen;
}

Result<std::unique_ptr<ByteSource>> Layout::open_blob(const Descriptor& descriptor) {
  const std::string file = "blobs/" + descriptor.digest.algorithm + "/" + descriptor.digest.hex;
  const std::string name = path_ + "/" + file;
  auto fd = open_inside(directory_.get(), file, name);
  if (!fd) return fail(std::move(fd.error()));
  return std::make_unique<BlobFile>(std::move(*fd), descriptor, name);
}

namespace {

Result<std::pair<Digest, Manifest>> load_manifest(BlobSource& blobs, Descriptor current, const Platform& host,
                                                  const ImageLimits& limits) {
  for (int depth = 0; depth < 3; ++depth) {
    auto text = read_document(blobs, current, limits);
    if (!text) return fail(std::move(text.error()));
    auto document = parse_document(*text, current.media_type, limits);
    if (!document) return fail(with_context(std::move(document.error()), current.digest.to_string()));
    if (auto* manifest = std::get_if<Manifest>(&*document)) return std::pair(current.digest, std::move(*manifest));
    auto chosen = choose_entry(std::get<Index>(*document).manifests, host);
    if (!chosen) return fail(with_context(std::move(chosen.error()), current.digest.to_string()));
    current = std::move(*chosen);
    if (depth == 1 && is_index_type(current.media_type)) break;
  }
  return fail(Errc::unsupported, "{} is an index nested more than one level deep", current.digest.to_string());
}

}  // namespace

Result<LoadedImage> load_image(BlobSource& blobs, const Descriptor& top, const Platform& host,
                               const ImageLimits& limits) {
  auto found = load_manifest(blobs, top, host, limits);
  if (!found) return fail(std::move(found.error()));
  LoadedImage image{found->first, std::move(found->second), {}};
  auto text = read_document(blobs, image.manifest.config, limits);
  if (!text) return fail(std::move(text.error()));
  auto config = parse_config(*text, limits);
  if (!config) return fail(with_context(std::move(config.error()), image.digest.to_string()));
  image.config = std::move(*config);
  if (auto fits = require_platform(image.config.platform, host, image.digest.to_string()); !fits) {
    return fail(std::move(fits.error()));
  }
  if (image.config.diff_ids.size() != image.manifest.layers.size()) {
    return fail(Errc::invalid, "{}: the config names {} layers, the manifest has {}", image.digest.to_string(),
                image.config.diff_ids.size(), image.manifest.layers.size());
  }
  return image;
}

}  // namespace schedkit
