// The verbs of schedctl-image: what needs a registry or makes an image, but no daemon. schedctl runs it for those verbs
// (cli/verbs/image_program.h), so that schedctl itself links neither curl nor libarchive.
#pragma once

#include <string>

#include "cli/verbs/verb.h"
#include "core/base/result.h"
#include "core/image/reference.h"

namespace schedkit {

struct ImageSession : Session {
  std::string root;       // prefix of /etc/containers and /etc/schedkit, for tests
  std::string state_dir;  // in place of the settings' store path
};

void add_pack(CLI::App& app, ImageSession& session);
void add_push(CLI::App& app, ImageSession& session);
void add_info(CLI::App& app, ImageSession& session);
void add_versions(CLI::App& app, ImageSession& session);
void add_inspect(CLI::App& app, ImageSession& session);
void add_refresh(CLI::App& app, ImageSession& session);
// For root where no daemon runs; schedctl's verbs of these names come here then.
void add_local_pull(CLI::App& app, ImageSession& session);
void add_local_images(CLI::App& app, ImageSession& session);

// Complains and chooses the exit code.
int image_failed(const Error& error);

// What a person called NAME|REFERENCE.
struct NamedImage {
  bool from_catalog = false;
  Reference reference;
};
Result<NamedImage> find_named(const std::string& name);

}  // namespace schedkit
