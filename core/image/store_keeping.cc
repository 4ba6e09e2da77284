// What the store holds, gives up, and finds wrong with itself.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <utility>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/image/compare_trees.h"
#include "core/image/flatten.h"
#include "core/image/store.h"
#include "core/image/tree.h"

namespace schedkit {
namespace {

namespace fs = std::filesystem;

// Younger blobs and trees that nothing refers to may be those of a tool that has not written its index yet.
constexpr std::int64_t orphan_age = 3600;

using Parts = std::map<std::string, std::uint64_t>;

std::uint64_t disk_usage(const std::string& path) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (auto at = fs::recursive_directory_iterator(path, error); !error && at != fs::recursive_directory_iterator();
       at.increment(error)) {
    struct stat status {};
    if (::lstat(at->path().c_str(), &status) == 0) bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
  }
  return bytes;
}

std::int64_t age_of(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return 0;
  return std::time(nullptr) - status.st_mtim.tv_sec;
}

std::string blob_name(const Digest& digest) { return "store/blobs/" + digest.algorithm + "/" + digest.hex; }
std::string tree_name(const Digest& digest) { return "rootfs/" + digest.algorithm + "-" + digest.hex; }

// Every blob that can be reached from `descriptor` and is there, with its size. False when a document cannot be read.
bool collect(Layout& layout, const Descriptor& descriptor, const ImageLimits& limits, Parts& parts, int depth = 0) {
  auto source = layout.open_blob(descriptor);
  if (!source) return source.error().code == Errc::not_found && depth > 0;
  parts[blob_name(descriptor.digest)] = descriptor.size;
  if (!is_index_type(descriptor.media_type) && !is_manifest_type(descriptor.media_type)) return true;
  auto text = read_all(**source, limits.document_bytes);
  if (!text) return false;
  auto document = parse_document(*text, descriptor.media_type, limits);
  if (!document) return false;
  bool whole = true;
  if (const auto* index = std::get_if<Index>(&*document)) {
    if (depth > 2) return true;
    for (const Descriptor& entry : index->manifests) whole &= collect(layout, entry, limits, parts, depth + 1);
    return whole;
  }
  const auto& manifest = std::get<Manifest>(*document);
  parts[blob_name(manifest.config.digest)] = manifest.config.size;
  for (const Descriptor& layer : manifest.layers) parts[blob_name(layer.digest)] = layer.size;
  return true;
}

}  // namespace

// The store's content at one time, under its lock, and what is to go from it.
class Store::Sweep {
 public:
  static Result<Sweep> begin(const Store& store) {
    auto lock = store.lock();
    if (!lock) return fail(std::move(lock.error()));
    auto writable = store.layout();
    if (!writable) return fail(std::move(writable.error()));
    auto index = StoreIndex::read(*writable, store.layout_path(), store.options_.limits);
    if (!index) return fail(std::move(index.error()));
    auto layout = Layout::open(store.layout_path(), store.options_.limits);
    if (!layout) return fail(std::move(layout.error()));
    Sweep sweep(store, std::move(*lock), std::move(*writable), std::move(*index));
    sweep.read(*layout);
    return sweep;
  }

  const std::vector<Item>& items() const { return items_; }

  std::vector<HeldImage> held(const Keep& keep) const {
    std::vector<HeldImage> held;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const Item& item = items_[i];
      held.push_back({.repository = repository_of(item.image.reference),
                      .pulled = item.image.pulled,
                      .kept = is_kept(item, keep),
                      .parts = parts_[i]});
    }
    return held;
  }

  bool is_kept(const Item& item, const Keep& keep) const {
    if (keep.digests.contains(item.manifest.to_string())) return true;
    // Another tool's image is another's to remove.
    if (item.image.reference.starts_with("oci:" + store_.layout_path())) return true;
    for (const std::string& name : keep.references) {
      if (item.image.current && item.image.reference == name) return true;
      auto reference = parse_reference(name);
      if (!reference || !reference->digest) continue;
      const bool same = item.image.top == *reference->digest || item.manifest == *reference->digest;
      if (same && repository_of(item.image.reference) == repository_of(name)) return true;
    }
    return false;
  }

  // The index first: from then on nobody finds what goes afterwards.
  Result<Removed> run(const std::set<std::size_t>& gone, const Keep& keep) {
    Removed removed;
    std::set<std::string> doomed;
    std::set<std::string> needed;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      for (const auto& [name, size] : parts_[i]) (gone.contains(i) ? doomed : needed).insert(name);
      if (!gone.contains(i)) continue;
      index_.remove(items_[i].image);
      records_.erase(items_[i].image.reference);
      removed.images.push_back(items_[i].image);
    }
    for (const std::string& digest : keep.digests) {
      if (auto parsed = parse_digest(digest)) needed.insert(tree_name(*parsed));
    }
    if (!removed.images.empty()) {
      if (auto written = index_.write(writable_); !written) return fail(std::move(written.error()));
      if (auto written = write_refs(store_.options_.root, records_); !written) return fail(std::move(written.error()));
    }
    if (auto swept = remove_parts(doomed, needed, removed.freed); !swept) return fail(std::move(swept.error()));
    forget_evidence(gone);
    return removed;
  }

 private:
  Sweep(const Store& store, UniqueFd lock, WritableLayout writable, StoreIndex index)
      : store_(store), lock_(std::move(lock)), writable_(std::move(writable)), index_(std::move(index)) {}

  void read(Layout& layout) {
    records_ = read_refs(store_.options_.root);
    for (const StoredImage& image : index_.images()) {
      const auto record = records_.find(image.reference);
      const bool by_record = is_index_type(image.entry.media_type) && record != records_.end();
      Item item{.image = image, .manifest = by_record ? record->second.manifest : image.entry.digest};
      Parts parts;
      whole_ &= collect(layout, image.entry, store_.options_.limits, parts);
      if (image.top != image.entry.digest) {
        const std::string top = blob_name(image.top);
        struct stat status {};
        if (::stat((store_.options_.root + "/" + top).c_str(), &status) == 0) {
          parts[top] = static_cast<std::uint64_t>(status.st_size);
        }
      }
      add(std::move(item), std::move(parts));
    }
    for (const auto& [reference, record] : records_) {
      if (!reference.starts_with("oci:")) continue;
      StoredImage image{.reference = reference, .top = record.top, .entry = {.digest = record.manifest}};
      image.pulled = std::time(nullptr) - age_of(store_.image_path(record.manifest));
      add({.image = std::move(image), .manifest = record.manifest}, {});
    }
  }

  void add(Item item, Parts parts) {
    for (const auto& [name, size] : parts) item.blobs += size;
    if (store_.find(item.manifest)) {
      item.unpacked = disk_usage(store_.image_path(item.manifest));
      parts[tree_name(item.manifest)] = item.unpacked;
    }
    items_.push_back(std::move(item));
    parts_.push_back(std::move(parts));
  }

  Result<void> remove_parts(const std::set<std::string>& doomed, const std::set<std::string>& needed,
                            std::uint64_t& freed) const {
    auto trash = Staging::make(store_.options_.root + "/tmp");
    if (!trash) return fail(std::move(trash.error()));
    std::size_t count = 0;
    for (const std::string& name : candidates()) {
      const std::string path = store_.options_.root + "/" + name;
      if (needed.contains(name)) continue;
      if (!doomed.contains(name) && (!whole_ || age_of(path) < orphan_age)) continue;
      struct stat status {};
      if (::lstat(path.c_str(), &status) != 0) continue;
      const std::uint64_t size =
          S_ISDIR(status.st_mode) ? disk_usage(path) : static_cast<std::uint64_t>(status.st_size);
      // Moved as a whole, so that nobody sees a half of it.
      if (::rename(path.c_str(), fmt::format("{}/{}", trash->image(), count++).c_str()) != 0) {
        return fail_errno(errno, "cannot remove " + path);
      }
      freed += size;
    }
    return {};
  }

  std::vector<std::string> candidates() const {
    std::vector<std::string> names;
    std::error_code error;
    for (const char* folder : {"store/blobs/sha256", "store/blobs/sha512", "rootfs"}) {
      for (const auto& entry : fs::directory_iterator(store_.options_.root + "/" + folder, error)) {
        names.push_back(std::string(folder) + "/" + entry.path().filename().string());
      }
    }
    return names;
  }

  void forget_evidence(const std::set<std::size_t>& gone) const {
    for (const std::size_t at : gone) {
      // Missing for images that needed none; one that stays does no harm.
      (void)remove_tree(store_.evidence_path(items_[at].image));
    }
  }

  const Store& store_;
  UniqueFd lock_;
  WritableLayout writable_;
  StoreIndex index_;
  LayoutRecords records_;
  std::vector<Item> items_;
  std::vector<Parts> parts_;
  bool whole_ = true;  // every document could be read
};

Result<std::vector<Store::Item>> Store::list() const {
  auto sweep = Sweep::begin(*this);
  if (!sweep) return fail(std::move(sweep.error()));
  auto items = sweep->items();
  std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
    if (a.image.reference != b.image.reference) return a.image.reference < b.image.reference;
    if (a.image.current != b.image.current) return a.image.current;
    return a.image.pulled > b.image.pulled;
  });
  return items;
}

Result<Store::Removed> Store::remove(const Reference& reference, const Keep& keep) const {
  auto sweep = Sweep::begin(*this);
  if (!sweep) return fail(std::move(sweep.error()));
  const std::string name = reference.to_string();
  const bool versions = std::any_of(sweep->items().begin(), sweep->items().end(),
                                    [&](const Item& item) { return item.image.reference == name; });
  std::set<std::size_t> gone;
  for (std::size_t i = 0; i < sweep->items().size(); ++i) {
    const Item& item = sweep->items()[i];
    const bool by_digest = !versions && reference.digest &&
                           (item.image.top == *reference.digest || item.manifest == *reference.digest) &&
                           repository_of(item.image.reference) == repository_of(name);
    if (item.image.reference != name && !by_digest) continue;
    if (sweep->is_kept(item, keep)) {
      return fail(Errc::busy, "{} is needed: a policy names it, it runs, or it is what to go back to", name);
    }
    gone.insert(i);
  }
  if (gone.empty()) return fail(Errc::not_found, "{} is not in the store {}", name, options_.root);
  return sweep->run(gone, keep);
}

Result<void> Store::remove_partial() const {
  auto directory = open_file(options_.root + "/partial", O_PATH | O_DIRECTORY);
  if (!directory) return fail(std::move(directory.error()));
  return for_each_name(directory->get(), [&](const std::string& name) { return remove_at(directory->get(), name); });
}

Result<Store::Removed> Store::prune(const Keep& keep, const Retention& retention, bool all) const {
  if (auto removed = Staging::remove_abandoned(options_.root + "/tmp"); !removed) {
    return fail(std::move(removed.error()));
  }
  if (auto removed = remove_partial(); !removed) return fail(std::move(removed.error()));
  auto sweep = Sweep::begin(*this);
  if (!sweep) return fail(std::move(sweep.error()));
  const Removal removal = choose_removals(sweep->held(keep), retention, all);
  auto removed = sweep->run(removal.images, keep);
  if (removed) removed->left = removal.left;
  return removed;
}

namespace {

Result<void> read_blob_through(Layout& layout, const Descriptor& blob) {
  auto source = layout.open_blob(blob);
  std::string buffer(256u << 10, '\0');
  for (Result<std::size_t> got = 1; source;) {
    got = (*source)->read(buffer.data(), buffer.size());
    if (!got) return fail(std::move(got.error()));
    if (*got == 0) return {};
  }
  return fail(std::move(source.error()));
}

}  // namespace

Result<std::vector<std::string>> Store::verify() const {
  auto items = list();
  if (!items) return fail(std::move(items.error()));
  auto layout = Layout::open(layout_path(), options_.limits);
  if (!layout) return fail(std::move(layout.error()));
  std::vector<std::string> problems;
  for (const Item& item : *items) {
    const std::string& name = item.image.reference;
    const auto problem = [&](const std::string& text) { problems.push_back(name + ": " + text); };
    if (item.image.entry.media_type.empty()) {
      if (!find(item.manifest)) problem("its unpacked files are missing or damaged; they are made again when needed");
      continue;
    }
    auto image = load_image(*layout, item.image.entry, options_.host, options_.limits);
    if (!image) {
      // Another tool may keep images of other machines here.
      if (image.error().code != Errc::unsupported) problem(image.error().describe());
      continue;
    }
    bool readable = true;
    for (const Descriptor& layer : image->manifest.layers) {
      auto read = read_blob_through(*layout, layer);
      if (!read) problem(read.error().describe());
      readable &= read.has_value();
    }
    if (readable && find(image->digest)) {
      if (auto difference = check_tree(*layout, *image)) problem(*difference);
    }
  }
  return problems;
}

std::optional<std::string> Store::check_tree(Layout& layout, const LoadedImage& image) const {
  auto staging = Staging::make(options_.root + "/tmp");
  if (!staging) return staging.error().describe();
  auto flattened = flatten_image(layout, image, staging->rootfs(), options_.limits);
  if (!flattened) return flattened.error().describe();
  auto difference = compare_trees(staging->rootfs(), image_path(image.digest) + "/rootfs");
  if (difference) *difference = "unpacked " + *difference + "; `schedctl rm` and pull it again";
  return difference;
}

}  // namespace schedkit
