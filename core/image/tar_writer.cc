#include "core/image/tar_writer.h"

#include <fmt/format.h>

#include <array>

namespace schedkit {
namespace {

constexpr std::size_t block = 512;

void put(std::array<char, block>& header, std::size_t offset, std::size_t size, std::string_view text) {
  text.copy(header.data() + offset, size);
}

}  // namespace

void append_tar_entry(std::string& archive, const TarHeader& entry, std::string_view content) {
  std::array<char, block> header{};
  put(header, 0, 100, entry.name);
  put(header, 100, 8, fmt::format("{:07o}", entry.mode));
  put(header, 108, 8, "0000000");
  put(header, 116, 8, "0000000");
  put(header, 124, 12, fmt::format("{:011o}", content.size()));
  put(header, 136, 12, fmt::format("{:011o}", entry.mtime));
  put(header, 148, 8, "        ");
  header[156] = entry.type;
  put(header, 157, 100, entry.link);
  put(header, 257, 6, std::string_view("ustar\0", 6));
  put(header, 263, 2, "00");
  put(header, 329, 8, "0000000");
  put(header, 337, 8, "0000000");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(header, 148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  archive.append(header.data(), header.size());
  archive.append(content);
  archive.append((block - content.size() % block) % block, '\0');
}

void end_tar(std::string& archive) { archive.append(2 * block, '\0'); }

}  // namespace schedkit
