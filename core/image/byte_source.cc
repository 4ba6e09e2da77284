#include "core/image/byte_source.h"

#include <array>

#include "core/base/text.h"

namespace schedkit {

Result<std::string> read_all(ByteSource& source, std::size_t limit) {
  std::string content;
  std::array<char, 16384> buffer{};
  for (;;) {
    auto got = source.read(buffer.data(), buffer.size());
    if (!got) return fail(std::move(got.error()));
    if (*got == 0) return content;
    content.append(buffer.data(), *got);
    if (content.size() > limit) return fail(Errc::limit, "more than {}", format_size(limit));
  }
}

}  // namespace schedkit
