#include "core/image/tar_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include <array>

#include "core/base/text.h"

namespace schedkit {
namespace {

// libarchive converts the UTF-8 names of pax headers to the thread's character set; in the "C" locale it would replace
// letters by '?'.
class Within {
 public:
  explicit Within(locale_t locale) : previous_(locale != nullptr ? ::uselocale(locale) : nullptr) {}
  Within(const Within&) = delete;
  Within& operator=(const Within&) = delete;
  ~Within() {
    if (previous_ != nullptr) ::uselocale(previous_);
  }

 private:
  locale_t previous_;
};

std::string text_of(const char* text) { return text == nullptr ? "" : text; }

TarEntry::Type type_of(archive_entry* entry) {
  if (::archive_entry_hardlink(entry) != nullptr) return TarEntry::Type::hardlink;
  switch (::archive_entry_filetype(entry)) {
    case AE_IFREG: return TarEntry::Type::file;
    case AE_IFDIR: return TarEntry::Type::directory;
    case AE_IFLNK: return TarEntry::Type::symlink;
    default: return TarEntry::Type::special;
  }
}

Result<TarEntry> convert(archive_entry* entry) {
  TarEntry converted;
  converted.type = type_of(entry);
  converted.path = text_of(::archive_entry_pathname(entry));
  const bool hard = converted.type == TarEntry::Type::hardlink;
  converted.link = text_of(hard ? ::archive_entry_hardlink(entry) : ::archive_entry_symlink(entry));
  converted.mode = ::archive_entry_perm(entry) & 07777;
  const auto size = ::archive_entry_size(entry);
  if (size < 0) return fail(Errc::invalid, "entry {} has a negative size", quote(converted.path));
  converted.size = static_cast<std::uint64_t>(size);
  const long nanoseconds = ::archive_entry_mtime_nsec(entry);
  converted.mtime = {::archive_entry_mtime(entry), nanoseconds >= 0 && nanoseconds < 1'000'000'000 ? nanoseconds : 0};
  ::archive_entry_xattr_reset(entry);
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t length = 0;
  while (::archive_entry_xattr_next(entry, &name, &value, &length) == ARCHIVE_OK) {
    converted.xattrs.emplace_back(text_of(name), std::string(static_cast<const char*>(value), length));
  }
  return converted;
}

}  // namespace

void TarReader::Free::operator()(archive* handle) const { ::archive_read_free(handle); }
void TarReader::Free::operator()(__locale_struct* locale) const { ::freelocale(locale); }

TarReader::TarReader(ByteSource& source, const ImageLimits& limits)
    : source_(source),
      limits_(limits),
      buffer_(1u << 16),
      utf8_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", static_cast<locale_t>(nullptr))),
      archive_(::archive_read_new()) {
  const Within utf8(utf8_.get());
  ::archive_read_support_format_tar(archive_.get());
  ::archive_read_open(archive_.get(), this, nullptr, &TarReader::pull, nullptr);
}

TarReader::~TarReader() = default;

// libarchive allocates for long names and sparse maps while it reads them: bounding what one call may read bounds that
// (CVE-2025-58183 was the unbounded case).
ssize_t TarReader::pull(archive* handle, void* self, const void** data) {
  auto& reader = *static_cast<TarReader*>(self);
  auto got = reader.source_.read(reader.buffer_.data(), reader.buffer_.size());
  if (got) {
    reader.pulled_ += *got;
    reader.total_ += *got;
    if (reader.pulled_ > reader.limits_.tar_metadata_bytes) {
      got = fail(Errc::limit, "a tar header with more than {} of names, attributes or sparse map",
                 format_size(reader.limits_.tar_metadata_bytes));
    }
  }
  if (!got) {
    reader.error_ = std::move(got.error());
    ::archive_set_error(handle, -1, "%s", reader.error_->text.c_str());
    return ARCHIVE_FATAL;
  }
  *data = reader.buffer_.data();
  return static_cast<ssize_t>(*got);
}

tl::unexpected<Error> TarReader::problem() {
  if (error_) return fail(*error_);
  const char* text = ::archive_error_string(archive_.get());
  return fail(Errc::invalid, "damaged tar archive: {}", quote(text == nullptr ? "unknown error" : text));
}

// What follows the end-of-archive blocks belongs to the stream whose digest is checked.
Result<void> TarReader::drain() {
  for (;;) {
    auto got = source_.read(buffer_.data(), buffer_.size());
    if (!got) return fail(std::move(got.error()));
    if (*got == 0) return {};
  }
}

Result<std::optional<TarEntry>> TarReader::next() {
  const Within utf8(utf8_.get());
  pulled_ = 0;
  archive_entry* entry = nullptr;
  const int result = ::archive_read_next_header(archive_.get(), &entry);
  const bool empty_stream = result == ARCHIVE_FATAL && total_ == 0 && !error_;
  if (result == ARCHIVE_EOF || empty_stream) {
    if (auto drained = drain(); !drained) return fail(std::move(drained.error()));
    return std::nullopt;
  }
  if (result != ARCHIVE_OK) return problem();
  auto converted = convert(entry);
  if (!converted) return fail(std::move(converted.error()));
  return std::optional(std::move(*converted));
}

Result<void> TarReader::content(const Sink& sink) {
  for (;;) {
    const void* data = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    pulled_ = 0;
    const int result = ::archive_read_data_block(archive_.get(), &data, &size, &offset);
    if (result == ARCHIVE_EOF) return {};
    if (result != ARCHIVE_OK || offset < 0) return problem();
    if (!sink || size == 0) continue;
    if (auto taken = sink(static_cast<const char*>(data), size, static_cast<std::uint64_t>(offset)); !taken)
      return taken;
  }
}

}  // namespace schedkit
