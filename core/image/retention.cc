#include "core/image/retention.h"

#include <algorithm>
#include <numeric>

namespace schedkit {
namespace {

// How many images use each part, and what all of them take.
class Usage {
 public:
  explicit Usage(const std::vector<HeldImage>& images) {
    for (const HeldImage& image : images) {
      for (const auto& [name, size] : image.parts) {
        if (users_[name]++ == 0) total_ += size;
      }
    }
  }

  void remove(const HeldImage& image) {
    for (const auto& [name, size] : image.parts) {
      if (--users_[name] == 0) total_ -= size;
    }
  }

  std::uint64_t total() const { return total_; }

 private:
  std::map<std::string, std::size_t> users_;
  std::uint64_t total_ = 0;
};

std::vector<std::size_t> newest_first(const std::vector<HeldImage>& images) {
  std::vector<std::size_t> order(images.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (images[a].kept != images[b].kept) return images[a].kept;
    return images[a].pulled > images[b].pulled;
  });
  return order;
}

}  // namespace

Removal choose_removals(const std::vector<HeldImage>& images, const Retention& retention, bool all) {
  Removal removal;
  Usage usage(images);
  const std::uint64_t before = usage.total();
  const auto order = newest_first(images);
  const auto remove = [&](std::size_t at) {
    if (images[at].kept || !removal.images.insert(at).second) return;
    usage.remove(images[at]);
  };
  std::map<std::string, std::size_t> seen;
  for (const std::size_t at : order) {
    if (++seen[images[at].repository] > retention.keep || all) remove(at);
  }
  for (auto at = order.rbegin(); at != order.rend() && usage.total() > retention.limit; ++at) remove(*at);
  removal.left = usage.total();
  removal.freed = before - removal.left;
  return removal;
}

}  // namespace schedkit
