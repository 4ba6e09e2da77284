// How much of somebody else's data we accept. Everything that reads an image takes a Limits; tests make them small.
#pragma once

#include <cstddef>
#include <cstdint>

namespace schedkit {

struct ImageLimits {
  std::size_t document_bytes = 4u << 20;          // index, manifest or config
  std::size_t layers = 128;                       // of one image
  std::uint64_t blob_bytes = 1ull << 30;          // one compressed layer
  std::uint64_t compressed_bytes = 2ull << 30;    // all layers of an image as stored
  std::uint64_t unpacked_bytes = 4ull << 30;      // all tar streams of an image, and all file sizes in them
  std::uint64_t entries = 200'000;                // tar entries of an image
  std::uint64_t ratio = 200;                      // unpacked / compressed of one layer …
  std::uint64_t ratio_free_bytes = 64ull << 20;   // … counted once more than this came out
  std::size_t path_bytes = 4096;                  // a path inside the image
  std::size_t name_bytes = 255;                   // one component of it
  std::size_t xattr_bytes = 64u << 10;            // one extended attribute
  std::uint64_t tar_metadata_bytes = 2ull << 20;  // tar stream consumed for one header: long names, pax, sparse maps
};

}  // namespace schedkit
