// Crafted archives, blobs and layouts for the tests of core/image.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/image/byte_source.h"
#include "core/image/digest.h"
#include "core/image/layout.h"

namespace schedkit::test {

// A directory of its own, removed at the end.
class TempTree {
 public:
  explicit TempTree(const std::string& parent = "");
  TempTree(const TempTree&) = delete;
  TempTree& operator=(const TempTree&) = delete;
  ~TempTree();

  const std::string& path() const { return path_; }
  std::string at(const std::string& name) const { return path_ + "/" + name; }
  // Every path below, sorted, relative.
  std::vector<std::string> listing(const std::string& below = "") const;

 private:
  std::string path_;
};

// Gives `bytes` in pieces of at most `piece`.
class StringSource final : public ByteSource {
 public:
  explicit StringSource(std::string bytes, std::size_t piece = 1000) : bytes_(std::move(bytes)), piece_(piece) {}
  Result<std::size_t> read(char* buffer, std::size_t size) override;

 private:
  std::string bytes_;
  std::size_t piece_;
  std::size_t at_ = 0;
};

// Ustar by hand, so that a test can write what no tool would.
struct Tar {
  std::string bytes;

  Tar& directory(const std::string& name, unsigned mode = 0755);
  Tar& file(const std::string& name, std::string_view content, unsigned mode = 0644);
  Tar& symlink(const std::string& name, const std::string& target);
  Tar& hardlink(const std::string& name, const std::string& target);
  Tar& entry(const std::string& name, char type);
  // A pax header for the entry that follows.
  Tar& pax(const std::vector<std::pair<std::string, std::string>>& records);
  std::string done() const;
};

std::string gzip(std::string_view data);
std::string zstd(std::string_view data);

std::string digest_text(std::string_view bytes);

// Writes an OCI layout. Every part can be replaced to spoil it.
class LayoutWriter {
 public:
  explicit LayoutWriter(std::string path);

  // Returns the descriptor's JSON; `extra` is appended inside it (",\"annotations\":{…}").
  std::string blob(std::string_view bytes, std::string_view media_type, const std::string& extra = "");
  // config, manifest and index entry for `layers` (tar streams, stored gzipped); returns the manifest's digest.
  std::string image(const std::string& tag, const std::vector<std::string>& layers);
  void index(const std::string& entries);

  std::string blob_path(const std::string& digest) const;

  std::string architecture;           // of the config; default: the host's
  std::string config_extra;           // members inside "config", default an Entrypoint
  std::vector<std::string> diff_ids;  // replaces the right ones when not empty

 private:
  std::string path_;
  std::map<std::string, std::string> entries_;
};

void write(const std::string& path, std::string_view content);
std::string read(const std::string& path);
bool exists(const std::string& path);  // links are not followed

}  // namespace schedkit::test
