#include "cli/image_verbs/image_verb.h"

#include "cli/verbs/catalog.h"
#include "core/base/text.h"

namespace schedkit {

int image_failed(const Error& error) {
  complain(error.describe());
  return error.code == Errc::denied ? exit_denied : exit_failed;
}

Result<NamedImage> find_named(const std::string& name) {
  NamedImage named;
  std::string text = name;
  if (name.find_first_of("/:@") == std::string::npos) {
    const auto catalog = load_catalog();
    if (!catalog) return fail(catalog.error());
    const auto found = catalog->find(name);
    if (found == catalog->end()) {
      return fail(Errc::not_found, "{} is neither in the catalogue (schedctl list) nor a name with its registry",
                  quote(name, 60));
    }
    named.from_catalog = true;
    text = found->second;
  }
  auto reference = parse_policy_reference(text);
  if (!reference) return fail(std::move(reference.error()));
  if (reference->kind != Reference::Kind::registry) {
    return fail(Errc::invalid, "{} lies on this machine; `schedctl-image inspect` shows it", quote(text));
  }
  named.reference = std::move(*reference);
  return named;
}

}  // namespace schedkit
