// Makes an image of one static program: the form in which our own schedulers are shipped. The same input gives the same
// bytes on every machine with the same zlib.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/image/digest.h"

namespace schedkit {

struct PackRequest {
  std::string binary;                  // a statically linked ELF program for this machine
  std::string name;                    // becomes /NAME in the image and its entrypoint
  std::string layout;                  // directory; made if missing, else the image is added to it
  std::string tag;                     // an image of this tag in the layout is replaced
  std::vector<std::string> arguments;  // the image's default arguments (Cmd)
  std::map<std::string, std::string> labels;
  std::int64_t created = 0;  // seconds since 1970: SOURCE_DATE_EPOCH
};

// Returns the digest of the manifest. A reader of the layout sees the old image or the new one, never a part; several
// processes may add to one layout at the same time.
Result<Digest> pack_image(const PackRequest& request);

// Errc::invalid unless `program` is an ELF program of this machine's architecture without an interpreter. `path` is for
// the message.
Result<void> require_static_program(std::string_view program, const std::string& path);

}  // namespace schedkit
