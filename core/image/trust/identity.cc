#include "core/image/trust/identity.h"

#include <re2/re2.h>

#include "core/base/text.h"

namespace schedkit {
namespace {

// RE2 takes time linear in the text; this bounds what a pattern may cost to compile.
RE2::Options options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  return options;
}

bool matches(const std::string& pattern, const std::string& text) {
  const RE2 expression(pattern, options());
  return expression.ok() && RE2::PartialMatch(text, expression);
}

bool fits(const std::string& value, const std::string& exact, const std::string& prefix, const std::string& regexp) {
  if (exact.empty() && prefix.empty() && regexp.empty()) return false;
  return (exact.empty() || value == exact) && value.starts_with(prefix) && (regexp.empty() || matches(regexp, value));
}

std::string described(const std::string& exact, const std::string& prefix, const std::string& regexp) {
  if (!exact.empty()) return quote(exact);
  return prefix.empty() ? "/" + regexp + "/" : quote(prefix + "…");
}

}  // namespace

Result<void> require_identity(const SignerIdentity& identity, const KeylessSigner& signer) {
  if (!fits(identity.issuer, signer.issuer, "", signer.issuer_regexp)) {
    return fail(Errc::integrity, "the issuer is {}, not {}", quote(identity.issuer),
                described(signer.issuer, "", signer.issuer_regexp));
  }
  if (!fits(identity.subject, signer.subject, signer.subject_prefix, signer.subject_regexp)) {
    return fail(Errc::integrity, "the subject is {}, not {}", quote(identity.subject),
                described(signer.subject, signer.subject_prefix, signer.subject_regexp));
  }
  return {};
}

Result<void> check_regexp(std::string_view pattern) {
  constexpr std::size_t longest = 1024;
  if (pattern.size() > longest) return fail(Errc::limit, "a regular expression longer than {} bytes", longest);
  const RE2 expression(re2::StringPiece(pattern.data(), pattern.size()), options());
  if (!expression.ok()) return fail(Errc::invalid, "not a regular expression: {}", quote(expression.error()));
  return {};
}

}  // namespace schedkit
