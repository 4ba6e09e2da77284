#include "core/image/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/image/flatten.h"
#include "core/image/hasher.h"
#include "core/image/json.h"
#include "core/image/meta.h"
#include "core/image/runnable.h"
#include "core/image/tree.h"

namespace schedkit {
namespace {

// Programs unpack to two or three times their compressed size; the rest is reserve for everybody else on the disk.
constexpr std::uint64_t space_factor = 4;
constexpr std::size_t evidence_limit = 16u << 20;

Result<std::uint64_t> free_on(const std::string& path) {
  struct statvfs status {};
  if (::statvfs(path.c_str(), &status) != 0) return fail_errno(errno, "cannot look at the disk of " + path);
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

bool is_read_only(const std::string& path) {
  struct statvfs status {};
  return ::statvfs(path.c_str(), &status) == 0 && (status.f_flag & ST_RDONLY) != 0;
}

Result<void> sync_directory(const std::string& path) {
  auto fd = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!fd) return fail(std::move(fd.error()));
  if (::fsync(fd->get()) != 0) return fail_errno(errno, "cannot sync " + path);
  return {};
}

Result<void> move(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return fail_errno(errno, "cannot move " + from + " to " + to);
}

// One call for the many files of an image instead of an fsync for each.
Result<void> sync_file_system(const std::string& path) {
  auto fd = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!fd) return fail(std::move(fd.error()));
  if (::syncfs(fd->get()) != 0) return fail_errno(errno, "cannot sync " + path);
  return {};
}

}  // namespace

Result<Store> Store::open(StoreOptions options) {
  if (!options.root.starts_with('/')) return fail(Errc::invalid, "the store's path {} must be absolute", options.root);
  if (!options.free_bytes) options.free_bytes = free_on;
  Store store(std::move(options));
  for (const char* name : {"", "/rootfs", "/tmp", "/partial", "/evidence"}) {
    if (auto made = make_directories(store.options_.root + name, 0700); !made) return fail(std::move(made.error()));
  }
  if (is_read_only(store.options_.root)) return store;
  auto layout = store.layout();
  if (!layout) return fail(std::move(layout.error()));
  if (::access((store.layout_path() + "/index.json").c_str(), F_OK) != 0) {
    auto locked = store.lock();
    if (!locked) return fail(std::move(locked.error()));
    auto index = layout->index(store.options_.limits);
    if (!index) return fail(std::move(index.error()));
    if (auto written = layout->write_index(*index); !written) return fail(std::move(written.error()));
  }
  if (auto removed = Staging::remove_abandoned(store.options_.root + "/tmp", store.options_.root + "/partial");
      !removed) {
    return fail(std::move(removed.error()));
  }
  return store;
}

std::string Store::image_path(const Digest& manifest) const {
  return options_.root + "/rootfs/" + manifest.algorithm + "-" + manifest.hex;
}

std::string Store::evidence_path(const StoredImage& image) const {
  const auto name = digest_of(image.reference + "\n" + image.top.to_string());
  return options_.root + "/evidence/" + (name ? name->hex : "unknown") + ".json";
}

Result<UniqueFd> Store::lock() const {
  auto fd = open_file(options_.root + "/lock", O_RDWR | O_CREAT);
  if (!fd) {  // on a read-only disk it can still be read
    auto readable = open_file(options_.root + "/lock", O_RDONLY);
    if (!readable) return fd;
    fd = std::move(readable);
  }
  while (::flock(fd->get(), LOCK_EX) != 0) {
    if (errno != EINTR) return fail_errno(errno, "cannot lock " + options_.root + "/lock");
  }
  return fd;
}

Result<StoreIndex> Store::index() const {
  auto layout = this->layout();
  if (!layout) return fail(std::move(layout.error()));
  return StoreIndex::read(*layout, layout_path(), options_.limits);
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

std::optional<LayoutRecord> Store::record_of(const std::string& reference) const {
  const auto records = read_refs(options_.root);
  const auto found = records.find(reference);
  if (found == records.end()) return std::nullopt;
  return found->second;
}

Result<void> Store::remember(const std::string& reference, const LayoutRecord& record) const {
  auto records = read_refs(options_.root);
  records[reference] = record;
  return write_refs(options_.root, records);
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

Result<StoredImage> Store::stored(const Reference& reference) const {
  auto index = this->index();
  if (!index) return fail(std::move(index.error()));
  if (const StoredImage* image = index->find(reference)) return *image;
  return fail(Errc::not_found, "{} is not in the store {}", reference.to_string(), options_.root);
}

Result<void> Store::renew(const StoredImage& image, const std::string& evidence) const {
  auto locked = lock();
  if (!locked) return fail(std::move(locked.error()));
  if (!evidence.empty()) {
    if (auto kept = write_file_atomic(evidence_path(image), evidence); !kept) return kept;
  }
  auto layout = this->layout();
  if (!layout) return fail(std::move(layout.error()));
  auto index = StoreIndex::read(*layout, layout_path(), options_.limits);
  if (!index) return fail(std::move(index.error()));
  index->set_checked(image.reference, image.checked);
  return index->write(*layout);
}

std::string Store::evidence(const StoredImage& image) const {
  return read_file(evidence_path(image), evidence_limit).value_or("");
}

Result<RunnableImage> Store::prepare(const Reference& reference) const {
  if (reference.kind == Reference::Kind::registry) return prepare_stored(reference);
  const std::string name = reference.to_string();
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

Result<RunnableImage> Store::prepare_stored(const Reference& reference) const {
  const std::string name = reference.to_string();
  auto stored = this->stored(reference);
  if (!stored) return fail(std::move(stored.error()));
  auto image = find(stored->entry.digest);
  if (!image) {
    auto layout = Layout::open(layout_path(), options_.limits);
    if (!layout) return fail(with_context(std::move(layout.error()), name));
    auto loaded = load(*layout, stored->entry, name);
    if (!loaded) return fail(with_context(std::move(loaded.error()), name));
    image = std::move(*loaded);
  }
  image->reference = name;
  return std::move(*image);
}

Result<RunnableImage> Store::load(Layout& layout, const Descriptor& top, const std::string& reference) const {
  if (auto record = record_of(reference); record && record->top == top.digest) {
    if (auto image = find(record->manifest)) return std::move(*image);
  }
  auto loaded = load_image(layout, top, options_.host, options_.limits);
  if (!loaded) return fail(std::move(loaded.error()));
  if (!find(loaded->digest)) {
    if (auto built = build(layout, *loaded); !built) return fail(std::move(built.error()));
  }
  auto locked = lock();
  if (!locked) return fail(std::move(locked.error()));
  if (auto kept = remember(reference, {top.digest, loaded->digest}); !kept) return fail(std::move(kept.error()));
  if (auto image = find(loaded->digest)) return std::move(*image);
  return fail(Errc::failed, "{} cannot be read back", image_path(loaded->digest));
}

Result<Staging> Store::stage(std::uint64_t compressed) const {
  auto available = options_.free_bytes(options_.root);
  if (!available) return fail(std::move(available.error()));
  if (*available >= compressed * space_factor) return Staging::make(options_.root + "/tmp");
  return fail(Errc::limit, "not enough space in {}: {} free, {} needed to unpack", options_.root,
              format_size(*available), format_size(compressed * space_factor));
}

Result<void> Store::build(Layout& layout, const LoadedImage& image) const {
  auto runnable = make_runnable(image.config, image.manifest.annotations);
  if (!runnable) return fail(std::move(runnable.error()));
  runnable->digest = image.digest.to_string();
  std::uint64_t compressed = 0;
  for (const Descriptor& layer : image.manifest.layers) compressed += layer.size;
  auto staging = stage(compressed);
  if (!staging) return fail(std::move(staging.error()));
  if (auto unpacked = unpack(*staging, layout, image, *runnable); !unpacked) return unpacked;
  auto published = publish(*staging, image.digest, nullptr);
  return published ? Result<void>() : fail(std::move(published.error()));
}

Result<void> Store::unpack(const Staging& staging, BlobSource& blobs, const LoadedImage& image,
                           const RunnableImage& runnable) const {
  auto flattened = flatten_image(blobs, image, staging.rootfs(), options_.limits);
  if (!flattened) return fail(std::move(flattened.error()));
  return write_staged(staging.image() + "/meta.json", write_meta(runnable));
}

bool Store::borrow(const Staging& staging, const Descriptor& blob) const {
  const std::string path = layout_path() + "/blobs/" + blob.digest.algorithm + "/" + blob.digest.hex;
  auto layout = Layout::open(layout_path(), options_.limits);
  if (!layout || ::link(path.c_str(), staging.blob_path(blob.digest).c_str()) != 0) return false;
  auto source = layout->open_blob(blob);
  std::string buffer(256u << 10, '\0');
  for (Result<std::size_t> got = 1; source; got = (*source)->read(buffer.data(), buffer.size())) {
    if (!got) break;
    if (*got == 0) return true;
  }
  ::unlink(staging.blob_path(blob.digest).c_str());
  return false;
}

BlobStart Store::resume(const Staging& staging, const Descriptor& blob) const {
  const std::string path = staging.blob_path(blob.digest);
  if (::rename((options_.root + "/partial/" + Staging::blob_name(blob.digest)).c_str(), path.c_str()) != 0) return {};
  auto fd = open_file(path, O_RDONLY | O_NOFOLLOW);
  BlobStart start{.offset = 0, .hasher = Hasher(blob.digest.algorithm)};
  std::string buffer(256u << 10, '\0');
  while (fd && start.offset < blob.size) {
    const ssize_t got =
        ::read(fd->get(), buffer.data(), std::min<std::uint64_t>(buffer.size(), blob.size - start.offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    start.hasher->update(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)));
    start.offset += static_cast<std::uint64_t>(got);
  }
  return start;
}

// What is moved under its final name is on the disk before, and the index that lists it is written after the names are.
// A sync costs what is in the file system's journal by then: so the moves are made together and synced together.
Result<RunnableImage> Store::publish(const Staging& staging, const Digest& manifest, const StoredImage* image,
                                     const std::string& evidence) const {
  if (!evidence.empty()) {
    if (auto written = write_staged(staging.evidence(), evidence); !written) return fail(std::move(written.error()));
  }
  if (auto synced = sync_file_system(options_.root); !synced) return fail(std::move(synced.error()));
  auto locked = lock();
  if (!locked) return fail(std::move(locked.error()));
  std::set<std::string> moved_to;
  if (image != nullptr) {
    if (auto moved = publish_blobs(staging, moved_to); !moved) return fail(std::move(moved.error()));
    if (!evidence.empty()) {
      if (auto moved = move(staging.evidence(), evidence_path(*image)); !moved) return fail(std::move(moved.error()));
      moved_to.insert(options_.root + "/evidence");
    }
  }
  // Looked at under the lock: another process may have brought it in meanwhile.
  if (!find(manifest)) {
    if (auto moved = publish_tree(staging, manifest); !moved) return fail(std::move(moved.error()));
    moved_to.insert(options_.root + "/rootfs");
  }
  for (const auto& directory : moved_to) {
    if (auto synced = sync_directory(directory); !synced) return fail(std::move(synced.error()));
  }
  auto published = find(manifest);
  if (!published) return fail(Errc::failed, "{} cannot be read back", image_path(manifest));
  if (image == nullptr) return std::move(*published);
  auto layout = this->layout();
  if (!layout) return fail(std::move(layout.error()));
  auto index = StoreIndex::read(*layout, layout_path(), options_.limits);
  if (!index) return fail(std::move(index.error()));
  index->put(*image);
  if (auto written = index->write(*layout); !written) return fail(std::move(written.error()));
  published->reference = image->reference;
  return std::move(*published);
}

Result<void> Store::publish_blobs(const Staging& staging, std::set<std::string>& moved_to) const {
  auto from = open_file(staging.blobs(), O_RDONLY | O_DIRECTORY);
  if (!from) return fail(std::move(from.error()));
  return for_each_name(from->get(), [&](const std::string& name) -> Result<void> {
    const auto dash = name.find('-');
    const std::string target = layout_path() + "/blobs/" + name.substr(0, dash);
    if (moved_to.insert(target).second) {
      if (auto made = make_directories(target, 0700); !made) return made;
    }
    return move(staging.blobs() + "/" + name, target + "/" + name.substr(dash + 1));
  });
}

Result<void> Store::publish_tree(const Staging& staging, const Digest& manifest) const {
  const std::string target = image_path(manifest);
  // Whatever lies there already is damaged, or find() would have taken it. It goes with the staging directory.
  const std::string aside = staging.blobs() + "/damaged";
  if (::rename(target.c_str(), aside.c_str()) != 0 && errno != ENOENT) {
    return fail_errno(errno, "cannot move " + target + " away");
  }
  return move(staging.image(), target);
}

}  // namespace schedkit
