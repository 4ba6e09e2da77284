#include "cli/image_verbs/blocking_registry.h"

#include <unistd.h>

#include <cstdlib>

#include "cli/image_remote.h"
#include "cli/verbs/verb.h"
#include "core/image/document_source.h"

namespace schedkit {
namespace {

// containers-auth.json(5): where a user's credentials are.
void add_auth_file(std::vector<std::string>& files, const char* variable, const char* rest) {
  const char* directory = std::getenv(variable);
  if (directory != nullptr && *directory == '/') files.push_back(std::string(directory) + rest);
}

std::vector<std::string> auth_files_of_user() {
  std::vector<std::string> files;
  const char* chosen = std::getenv("REGISTRY_AUTH_FILE");
  if (chosen != nullptr && *chosen != '\0') files.emplace_back(chosen);
  add_auth_file(files, "XDG_RUNTIME_DIR", "/containers/auth.json");
  add_auth_file(files, "HOME", "/.config/containers/auth.json");
  add_auth_file(files, "HOME", "/.docker/config.json");
  return files;
}

}  // namespace

Result<std::unique_ptr<BlockingRegistry>> BlockingRegistry::open(const std::string& root) {
  auto settings = registry_settings(Settings(), root);
  if (!settings) return fail(std::move(settings.error()));
  if (::geteuid() != 0) settings->auth_files = auth_files_of_user();
  return std::unique_ptr<BlockingRegistry>(new BlockingRegistry(std::move(*settings)));
}

BlockingRegistry::BlockingRegistry(RegistrySettings settings)
    : client_(loop_, http_, clock_, std::move(settings), {},
              {.warning = [](const std::string& text) { complain(text); }}) {}

Result<FetchedManifest> BlockingRegistry::manifest(const Reference& reference) {
  return wait<FetchedManifest>([&](auto done) { return client_.fetch_manifest(reference, std::move(done)); });
}

Result<std::unique_ptr<ByteSource>> RemoteDocuments::open_blob(const Descriptor& descriptor) {
  auto found = texts_.find(descriptor.digest);
  if (found == texts_.end()) {
    auto text = fetch(descriptor);
    if (!text) return fail(std::move(text.error()));
    found = texts_.emplace(descriptor.digest, std::move(*text)).first;
  }
  if (found->second.size() != descriptor.size) {
    return fail(Errc::integrity, "{} has {} bytes, not the {} that its parent says", descriptor.digest.to_string(),
                found->second.size(), descriptor.size);
  }
  return std::make_unique<DocumentSource>(found->second);
}

Result<std::string> RemoteDocuments::fetch(const Descriptor& descriptor) {
  if (!is_index_type(descriptor.media_type) && !is_manifest_type(descriptor.media_type)) {
    return registry_.wait<std::string>([&](auto done) {
      return registry_.client().fetch_document(reference_, descriptor, ImageLimits().document_bytes, std::move(done));
    });
  }
  Reference part = reference_;
  part.digest = descriptor.digest;
  auto manifest = registry_.manifest(part);
  if (!manifest) return fail(std::move(manifest.error()));
  return std::move(manifest->bytes);
}

}  // namespace schedkit
