// Private to core/image/registry: the operations of RegistryClient, each over one endpoint after the other.
#pragma once

#include "core/image/registry/attempts.h"
#include "core/image/registry/context.h"
#include "core/image/registry/exchange.h"

namespace schedkit::registry {

RegistryCallPtr resolve(Context& context, const Reference& reference, std::function<void(Result<Resolved>)> done);

RegistryCallPtr fetch_manifest(Context& context, const Reference& reference,
                               std::function<void(Result<FetchedManifest>)> done);

// One attempt at one endpoint; `name` is a tag or a digest.
RegistryCallPtr ask_manifest(Context& context, Session& session, const std::string& name, std::optional<Digest> digest,
                             std::function<void(Outcome<FetchedManifest>)> settle);

RegistryCallPtr list_tags(Context& context, const Reference& reference, std::size_t limit,
                          std::function<void(Result<TagList>)> done);

RegistryCallPtr list_referrers(Context& context, const Reference& reference, const Digest& subject,
                               std::function<void(Result<std::vector<Descriptor>>)> done);

RegistryCallPtr push_blob(Context& context, const Reference& reference, const Descriptor& blob, std::string path,
                          std::function<void(Result<void>)> done);

RegistryCallPtr push_manifest(Context& context, const Reference& reference, std::string bytes, std::string media_type,
                              std::function<void(Result<Digest>)> done);

}  // namespace schedkit::registry
