#include "core/image/trust/certificate_timestamp.h"

#include <openssl/ct.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>

#include "core/base/unique_fd.h"
#include "core/image/trust/base64.h"

namespace schedkit {
namespace {

// Between two logs' clocks, in seconds; real timestamps are milliseconds later than the entry's whole second.
constexpr std::int64_t clock_drift = 300;

struct Free {
  void operator()(STACK_OF(SCT) * timestamps) const { SCT_LIST_free(timestamps); }
  void operator()(CTLOG_STORE* store) const { CTLOG_STORE_free(store); }
  void operator()(CT_POLICY_EVAL_CTX* context) const { CT_POLICY_EVAL_CTX_free(context); }
};
using Timestamps = std::unique_ptr<STACK_OF(SCT), Free>;
using LogStore = std::unique_ptr<CTLOG_STORE, Free>;

// OpenSSL takes logs from a configuration file only (CTLOG_STORE_load_file(3)); this one lies in memory.
Result<LogStore> make_store(const std::vector<TrustedLog>& logs) {
  std::string names;
  std::string sections;
  for (std::size_t i = 0; i < logs.size(); ++i) {
    names += fmt::format("{}log{}", i == 0 ? "" : ",", i);
    sections += fmt::format("[log{0}]\ndescription=log{0}\nkey={1}\n", i, encode_base64(logs[i].key.der()));
  }
  const std::string text = "enabled_logs=" + names + "\n" + sections;
  const UniqueFd fd(::memfd_create("schedkit-ct-logs", MFD_CLOEXEC));
  if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return fail_errno(errno, "cannot write a file in memory");
  }
  LogStore store(CTLOG_STORE_new());
  const bool loaded =
      store && CTLOG_STORE_load_file(store.get(), fmt::format("/proc/self/fd/{}", fd.get()).c_str()) == 1;
  ERR_clear_error();
  if (!loaded) return fail(Errc::failed, "OpenSSL cannot load the keys of the certificate logs");
  return store;
}

bool log_was_valid(const SCT* timestamp, const std::vector<TrustedLog>& logs) {
  unsigned char* bytes = nullptr;
  const std::size_t length = SCT_get0_log_id(timestamp, &bytes);
  const std::string_view id(reinterpret_cast<const char*>(bytes), length);
  const auto log = std::ranges::find(logs, id, &TrustedLog::id);
  return log != logs.end() && log->valid_for.covers(static_cast<std::int64_t>(SCT_get_timestamp(timestamp) / 1000));
}

}  // namespace

Result<void> verify_certificate_timestamp(const Certificate& leaf, const Certificate& issuer,
                                          const std::vector<TrustedLog>& logs, std::int64_t time) {
  const Timestamps timestamps(
      static_cast<STACK_OF(SCT)*>(X509_get_ext_d2i(leaf.get(), NID_ct_precert_scts, nullptr, nullptr)));
  ERR_clear_error();
  if (!timestamps) return fail(Errc::integrity, "the certificate holds none");
  if (logs.empty()) return fail(Errc::integrity, "the trusted root knows no certificate log");
  auto store = make_store(logs);
  if (!store) return fail(std::move(store.error()));
  const std::unique_ptr<CT_POLICY_EVAL_CTX, Free> context(CT_POLICY_EVAL_CTX_new());
  if (!context) return fail(Errc::failed, "OpenSSL is out of memory");
  CT_POLICY_EVAL_CTX_set1_cert(context.get(), leaf.get());
  CT_POLICY_EVAL_CTX_set1_issuer(context.get(), issuer.get());
  CT_POLICY_EVAL_CTX_set_shared_CTLOG_STORE(context.get(), store->get());
  CT_POLICY_EVAL_CTX_set_time(context.get(), static_cast<std::uint64_t>(time + clock_drift) * 1000);
  for (int i = 0; i < sk_SCT_num(timestamps.get()); ++i) {
    SCT* timestamp = sk_SCT_value(timestamps.get(), i);
    SCT_set_source(timestamp, SCT_SOURCE_X509V3_EXTENSION);
    const bool valid = SCT_validate(timestamp, context.get()) == 1;
    ERR_clear_error();
    if (valid && log_was_valid(timestamp, logs)) return {};
  }
  return fail(Errc::integrity, "none of those in the certificate is valid and by a log of the trusted root");
}

}  // namespace schedkit
