// Private to core/image/registry: getting a bearer token.
#pragma once

#include "core/image/registry/context.h"
#include "core/image/registry/token_request.h"

namespace schedkit::registry {

// A token that still lives, by `query`; "" when there is none.
std::string cached_token(const Context& context, const TokenQuery& query);

// Asks the token server, keeps what it gives, and calls `done` with the token. `tls` is that of the registry.
RegistryCallPtr fetch_token(Context& context, const Url& registry, Tls tls, TokenQuery query,
                            std::function<void(Result<std::string>)> done);

}  // namespace schedkit::registry
