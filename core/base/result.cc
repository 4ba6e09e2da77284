#include "core/base/result.h"

#include <cerrno>
#include <cstring>

namespace schedkit {

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::invalid: return "invalid";
    case Errc::not_found: return "not-found";
    case Errc::exists: return "exists";
    case Errc::io: return "io";
    case Errc::denied: return "denied";
    case Errc::limit: return "limit";
    case Errc::integrity: return "integrity";
    case Errc::unsupported: return "unsupported";
    case Errc::busy: return "busy";
    case Errc::timeout: return "timeout";
    case Errc::cancelled: return "cancelled";
    case Errc::failed: return "failed";
  }
  return "unknown";
}

std::string Error::describe() const {
  if (where.file.empty()) return text;
  if (where.line == 0) return fmt::format("{}: {}", where.file, text);
  return fmt::format("{}:{}:{}: {}", where.file, where.line, where.column, text);
}

namespace {

Errc code_of(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
    case ESRCH: return Errc::not_found;
    case EEXIST:
    case ENOTEMPTY: return Errc::exists;
    case EACCES:
    case EPERM:
    case EROFS: return Errc::denied;
    case EINVAL:
    case ENAMETOOLONG:
    case EISDIR: return Errc::invalid;
    case EBUSY:
    case EAGAIN: return Errc::busy;
    case ENOSYS:
    case EOPNOTSUPP:
    case EPROTONOSUPPORT:
    case EAFNOSUPPORT: return Errc::unsupported;
    case E2BIG:
    case EFBIG:
    case EMFILE:
    case ENFILE: return Errc::limit;
    case ETIMEDOUT: return Errc::timeout;
    default: return Errc::io;
  }
}

}  // namespace

tl::unexpected<Error> fail_errno(int error_number, std::string what) {
  what += ": ";
  what += strerrordesc_np(error_number) ? strerrordesc_np(error_number) : "unknown error";
  return tl::unexpected(Error{code_of(error_number), std::move(what), {}});
}

Error with_context(Error error, std::string_view what) {
  error.text = fmt::format("{}: {}", what, error.text);
  return error;
}

}  // namespace schedkit
