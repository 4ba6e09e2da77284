#include "core/image/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/image/flatten.h"
#include "core/image/json.h"
#include "core/image/meta.h"
#include "core/image/runnable.h"
#include "core/image/tree.h"

namespace schedkit {
namespace {

// Programs unpack to two or three times their compressed size; the rest is reserve for everybody else on the disk.
constexpr std::uint64_t space_factor = 4;
constexpr std::size_t refs_limit = 16u << 20;

Result<std::uint64_t> free_on(const std::string& path) {
  struct statvfs status {};
  if (::statvfs(path.c_str(), &status) != 0) return fail_errno(errno, "cannot look at the disk of " + path);
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

Result<void> sync_directory(const std::string& path) {
  auto fd = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!fd) return fail(std::move(fd.error()));
  if (::fsync(fd->get()) != 0) return fail_errno(errno, "cannot sync " + path);
  return {};
}

// One call for the many files of an image instead of an fsync for each.
Result<void> sync_file_system(const std::string& path) {
  auto fd = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!fd) return fail(std::move(fd.error()));
  if (::syncfs(fd->get()) != 0) return fail_errno(errno, "cannot sync " + path);
  return {};
}

Result<std::string> make_unique_directory(const std::string& parent) {
  std::string path = parent + "/XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return fail_errno(errno, "cannot make a directory in " + parent);
  return path;
}

// The refs, or an empty object when the file is missing or damaged: it only saves work and can be found again.
Json read_refs(const std::string& path) {
  auto text = read_file(path, refs_limit);
  if (!text) return Json::object();
  auto json = parse_json(*text, refs_limit);
  return json && json->is_object() ? std::move(*json) : Json::object();
}

}  // namespace

Result<Store> Store::open(StoreOptions options) {
  if (!options.root.starts_with('/')) return fail(Errc::invalid, "the store's path {} must be absolute", options.root);
  if (!options.free_bytes) options.free_bytes = free_on;
  Store store(std::move(options));
  for (const char* name : {"", "/rootfs", "/tmp"}) {
    if (auto made = make_directories(store.options_.root + name, 0700); !made) return fail(std::move(made.error()));
  }
  if (auto removed = store.remove_leftovers(); !removed) return fail(std::move(removed.error()));
  return store;
}

std::string Store::image_path(const Digest& manifest) const {
  return options_.root + "/rootfs/" + manifest.algorithm + "-" + manifest.hex;
}

Result<UniqueFd> Store::lock(bool wait) const {
  auto fd = open_file(options_.root + "/lock", O_RDWR | O_CREAT);
  if (!fd) return fd;
  while (::flock(fd->get(), LOCK_EX | (wait ? 0 : LOCK_NB)) != 0) {
    if (errno != EINTR) return fail_errno(errno, "cannot lock " + options_.root + "/lock");
  }
  return fd;
}

Result<void> Store::remove_leftovers() const {
  auto locked = lock(false);
  // Somebody is building: then tmp/ is in use, and whoever opens the store next cleans up.
  if (!locked && locked.error().code == Errc::busy) return {};
  if (!locked) return fail(std::move(locked.error()));
  auto tmp = open_file(options_.root + "/tmp", O_PATH | O_DIRECTORY);
  if (!tmp) return fail(std::move(tmp.error()));
  auto removed = for_each_name(tmp->get(), [&](const std::string& name) { return remove_at(tmp->get(), name); });
  if (!removed) return fail(with_context(std::move(removed.error()), options_.root + "/tmp"));
  return {};
}

std::optional<RunnableImage> Store::find(const Digest& manifest) const {
  const std::string path = image_path(manifest);
  auto text = read_file(path + "/meta.json", options_.limits.document_bytes);
  if (!text) return std::nullopt;
  auto image = parse_meta(*text, options_.limits.document_bytes);
  if (!image || image->digest != manifest.to_string()) return std::nullopt;
  image->rootfs = path + "/rootfs";
  struct stat status {};
  if (::lstat(image->rootfs.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return std::nullopt;
  return std::move(*image);
}

std::optional<Store::Record> Store::record_of(const std::string& reference) const {
  const Json refs = read_refs(options_.root + "/refs.json");
  const auto found = refs.find(reference);
  if (found == refs.end()) return std::nullopt;
  JsonFields fields(*found, "refs.json");
  auto top = parse_digest(fields.text("digest"));
  auto manifest = parse_digest(fields.text("manifest"));
  if (!fields.done() || !top || !manifest) return std::nullopt;
  return Record{std::move(*top), std::move(*manifest)};
}

Result<void> Store::remember(const std::string& reference, const Record& record) const {
  const std::string path = options_.root + "/refs.json";
  Json refs = read_refs(path);
  refs[reference] = {{"digest", record.top.to_string()}, {"manifest", record.manifest.to_string()}};
  return write_file_atomic(path, refs.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

Result<RunnableImage> Store::recall(const std::string& reference, Error why) const {
  if (auto record = record_of(reference)) {
    if (auto image = find(record->manifest)) {
      image->reference = reference;
      return std::move(*image);
    }
  }
  return fail(with_context(std::move(why), reference));
}

Result<RunnableImage> Store::prepare(const Reference& reference) const {
  const std::string name = reference.to_string();
  if (reference.kind != Reference::Kind::layout) {
    return fail(Errc::unsupported,
                "{}: images are taken from layouts on this machine only; copy it to one "
                "(skopeo copy docker://… oci:/path:tag) and write \"oci:/path:tag\"",
                name);
  }
  auto directory = options_.open_layout(reference.path);
  if (!directory && directory.error().code == Errc::not_found) return recall(name, std::move(directory.error()));
  if (!directory) return fail(with_context(std::move(directory.error()), name));
  auto layout = Layout::open(std::move(*directory), reference.path, options_.limits);
  if (!layout) return fail(with_context(std::move(layout.error()), name));
  auto top = layout->find(reference, options_.host);
  if (!top) return fail(with_context(std::move(top.error()), name));
  auto image = load(*layout, *top, name);
  if (!image) return fail(with_context(std::move(image.error()), name));
  image->reference = name;
  return image;
}

Result<RunnableImage> Store::load(Layout& layout, const Descriptor& top, const std::string& reference) const {
  if (auto record = record_of(reference); record && record->top == top.digest) {
    if (auto image = find(record->manifest)) return std::move(*image);
  }
  auto loaded = load_image(layout, top, options_.host, options_.limits);
  if (!loaded) return fail(std::move(loaded.error()));
  auto runnable = make_runnable(loaded->config, loaded->manifest.annotations);
  if (!runnable) return runnable;
  runnable->digest = loaded->digest.to_string();
  auto locked = lock(true);
  if (!locked) return fail(std::move(locked.error()));
  // Looked at under the lock: another thread may have built it meanwhile.
  if (!find(loaded->digest)) {
    if (auto built = build(layout, *loaded, *runnable); !built) return fail(std::move(built.error()));
  }
  if (auto kept = remember(reference, {top.digest, loaded->digest}); !kept) return fail(std::move(kept.error()));
  if (auto image = find(loaded->digest)) return std::move(*image);
  return fail(Errc::failed, "{} cannot be read back", image_path(loaded->digest));
}

Result<void> Store::require_space(const Manifest& manifest) const {
  std::uint64_t compressed = 0;
  for (const Descriptor& layer : manifest.layers) compressed += layer.size;
  auto available = options_.free_bytes(options_.root);
  if (!available) return fail(std::move(available.error()));
  if (*available >= compressed * space_factor) return {};
  return fail(Errc::limit, "not enough space in {}: {} free, {} needed to unpack", options_.root,
              format_size(*available), format_size(compressed * space_factor));
}

Result<void> Store::build(Layout& layout, const LoadedImage& image, const RunnableImage& runnable) const {
  if (auto enough = require_space(image.manifest); !enough) return enough;
  auto staging = make_unique_directory(options_.root + "/tmp");
  if (!staging) return fail(std::move(staging.error()));
  auto built = fill(*staging, layout, image, runnable);
  if (built) built = publish(*staging, image.digest);
  if (built) return built;
  // A failure to clean up would hide the cause; the next open() tries again.
  (void)remove_tree(*staging);
  return built;
}

Result<void> Store::fill(const std::string& staging, Layout& layout, const LoadedImage& image,
                         const RunnableImage& runnable) const {
  const std::string rootfs = staging + "/rootfs";
  if (auto made = make_directories(rootfs, 0700); !made) return made;
  auto flattened = flatten_image(layout, image, rootfs, options_.limits);
  if (!flattened) return fail(std::move(flattened.error()));
  if (auto written = write_file_atomic(staging + "/meta.json", write_meta(runnable)); !written) return written;
  return sync_file_system(staging);
}

Result<void> Store::publish(const std::string& staging, const Digest& manifest) const {
  const std::string target = image_path(manifest);
  // Whatever lies there already is damaged, or find() would have taken it.
  const std::string aside = staging + ".damaged";
  const bool moved = ::rename(target.c_str(), aside.c_str()) == 0;
  if (!moved && errno != ENOENT) return fail_errno(errno, "cannot move " + target + " away");
  if (::rename(staging.c_str(), target.c_str()) != 0) return fail_errno(errno, "cannot move an image to " + target);
  if (auto synced = sync_directory(options_.root + "/rootfs"); !synced) return synced;
  return moved ? remove_tree(aside) : Result<void>();
}

}  // namespace schedkit
