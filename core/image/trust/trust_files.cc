#include "core/image/trust/trust_files.h"

#include "core/base/file.h"

namespace schedkit {
namespace {

constexpr std::size_t largest_file = 1u << 20;

class Reader {
 public:
  void read(const std::vector<TrustRequirement>& requirements) {
    for (const TrustRequirement& requirement : requirements) {
      if (const auto* signed_by = std::get_if<SignedBy>(&requirement)) {
        for (const Signer& signer : signed_by->any_of) std::visit(*this, signer);
      }
    }
  }

  void operator()(const KeySigner& signer) {
    for (const KeySource& key : signer.keys) read_one(key.path);
    for (const KeySource& key : signer.log_keys) read_one(key.path);
    read_one(signer.trusted_root);
  }
  void operator()(const KeylessSigner& signer) { read_one(signer.trusted_root); }

  TrustFiles files;

 private:
  void read_one(const std::string& path) {
    if (!path.empty() && !files.contains(path)) files.emplace(path, read_file(path, largest_file));
  }
};

}  // namespace

TrustFiles read_trust_files(const TrustPolicy& policy) {
  Reader reader;
  reader.read(policy.otherwise);
  for (const TrustScope& scope : policy.scopes) reader.read(scope.require);
  return std::move(reader.files);
}

}  // namespace schedkit
