// What tests/core/image/trust/cosign.sh judges by: verify_stored KEY REFERENCE DIGEST DIRECTORY. DIRECTORY holds what a
// registry answered: signatures.json (the manifest of the .sig tag), referrers.json, and blobs and manifests by
// digest as sha256-HEX. With --list it prints what is still to be fetched instead of judging. Exit: 0 trusted, 1 not.
#include <cstdio>
#include <string>

#include "core/base/file.h"
#include "core/image/trust/verify.h"

using namespace schedkit;

namespace {

class Stored {
 public:
  Stored(std::string directory, bool list) : directory_(std::move(directory)), list_(list) {}

  SignatureMaterial collect(const Digest& digest) {
    SignatureMaterial material;
    if (auto manifest = read("signatures.json")) {
      auto blobs = simple_signature_blobs(*manifest);
      if (!blobs) std::fprintf(stderr, "%s\n", blobs.error().text.c_str());
      for (const Descriptor& blob : blobs.value_or(std::vector<Descriptor>{})) {
        if (auto payload = fetched("blobs", blob.digest)) material.simple.push_back({*payload, blob.annotations});
      }
    }
    if (auto index = read("referrers.json")) {
      auto entries = referrers_to_fetch(*index);
      if (!entries) std::fprintf(stderr, "%s\n", entries.error().text.c_str());
      for (const Descriptor& entry : entries.value_or(std::vector<Descriptor>{})) add_referrer(entry, digest, material);
    }
    return material;
  }

 private:
  Result<std::string> read(const std::string& name) { return read_file(directory_ + "/" + name, 4 << 20); }

  Result<std::string> fetched(const char* kind, const Digest& digest) {
    auto content = read("sha256-" + digest.hex);
    if (!content && list_) std::printf("%s %s\n", kind, digest.to_string().c_str());
    return content;
  }

  void add_referrer(const Descriptor& entry, const Digest& digest, SignatureMaterial& material) {
    auto manifest = fetched("manifests", entry.digest);
    if (!manifest) return;
    auto blob = bundle_blob(*manifest, digest);
    if (!blob || !*blob) return;
    if (auto bundle = fetched("blobs", (*blob)->digest)) material.bundles.push_back(*bundle);
  }

  std::string directory_;
  bool list_;
};

}  // namespace

int main(int argc, char** argv) {
  const bool list = argc > 1 && std::string(argv[1]) == "--list";
  if (argc - (list ? 1 : 0) != 5) return 2;
  char** arguments = argv + (list ? 1 : 0);
  const auto reference = parse_reference(arguments[2]);
  const auto digest = parse_digest(arguments[3]);
  if (!reference || !digest) return 2;
  const SignatureMaterial material = Stored(arguments[4], list).collect(*digest);
  if (list) return 0;
  const TrustPolicy policy = trust_policy_of({{KeySigner{.keys = {{.path = arguments[1]}}}}}, "test");
  const auto record = verify_trust(policy, read_trust_files(policy), {*reference, *digest, std::nullopt, false},
                                   material, SystemClock().wall_now());
  std::printf("%s\n", record ? describe(record->proofs.front()).c_str() : record.error().text.c_str());
  return record ? 0 : 1;
}
