// Errors are values. A function that can fail returns Result<T>; callers branch on Error::code, people read the text.
// Library code never logs an error that it returns: it is logged once, at the top.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace schedkit {

enum class Errc {
  invalid,      // the input is wrong; the text says what and how to mend it
  not_found,    // the named thing does not exist
  exists,       // it exists already
  io,           // a system call or a program failed
  denied,       // not permitted
  limit,        // larger or more than we accept
  integrity,    // a digest or a signature does not fit
  unsupported,  // this kernel, platform or build cannot do it
  busy,         // in use; later may work
  timeout,      // did not happen in time
  cancelled,    // no longer wanted
  failed,       // something we started (a scheduler, a container) failed
};

// The lower-case word of `code`, as shown to people and in JSON.
std::string_view to_string(Errc code);

// A place in a file. Line and column count from 1; 0 means unknown.
struct Where {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  bool operator==(const Where&) const = default;
};

struct [[nodiscard]] Error {
  Errc code = Errc::failed;
  std::string text;
  Where where = {};

  // "FILE:LINE:COLUMN: text", as much of it as is known.
  std::string describe() const;

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = tl::expected<T, Error>;

template <class... Args>
tl::unexpected<Error> fail(Errc code, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected(Error{code, fmt::format(format, std::forward<Args>(args)...), {}});
}

// Passes an error on as the value of another Result.
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected(std::move(error)); }

// For a failed system call: appends ": " and the description of `error_number` and chooses the fitting code.
tl::unexpected<Error> fail_errno(int error_number, std::string what);

// Puts "what: " before the text of `error`; code and place stay.
Error with_context(Error error, std::string_view what);

}  // namespace schedkit
