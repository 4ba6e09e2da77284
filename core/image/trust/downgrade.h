// Going back under the same name. A signature says who made an image, not that it is the latest: whoever holds the
// registry can serve an old one that is signed all the same. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/image/trust/trust_record.h"

namespace schedkit {

enum class Movement {
  same,  // the same digest
  newer,
  older,    // a downgrade
  unknown,  // nothing tells them apart
};

// What an image says of itself: its label org.opencontainers.image.version and its configuration's "created" (RFC
// 3339). Times that cannot be read, or of 1970 and before, as reproducible builds write them, say nothing.
ImageAge make_age(std::string version, std::string_view created);

// From `known` to `offered`. The version decides, then when it was created, then when it was signed; where one side
// lacks the information or both agree, the next decides.
Movement compare_age(const ImageAge& known, const ImageAge& offered);

// Dotted versions by their numbers, with what is not a number compared as text: "1.0.9" < "1.0.10", "v2" = "2",
// "1.0-rc1" < "1.0". Less than, equal to or greater than zero.
int compare_versions(std::string_view a, std::string_view b);

// What taking `offered` in place of the image of `known`, under the same reference, would be. Errc::denied, naming both,
// for a downgrade that is not `allowed`. `digest` is what the reference names now.
Result<Movement> check_downgrade(const TrustRecord& known, std::string_view digest, const ImageAge& offered,
                                 bool allowed);

}  // namespace schedkit
