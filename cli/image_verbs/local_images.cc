#include "cli/image_verbs/local_images.h"

#include <sys/utsname.h>

#include <utility>

#include "cli/image_remote.h"
#include "config/check_files.h"
#include "config/trust_file.h"

namespace schedkit {

Result<Settings> read_settings(const std::string& root) {
  const CheckReport report = check_directories(Directories::under(root));
  if (report.ok()) return report.policy.settings;
  return fail(Errc::invalid, "the files in {}/etc/schedkit have errors; `schedctl check` says which", root);
}

Result<std::unique_ptr<LocalImages>> LocalImages::open(const std::string& root, const std::string& state_dir) {
  auto settings = read_settings(root);
  if (!settings) return fail(std::move(settings.error()));
  auto store = Store::open({.root = state_dir.empty() ? settings->store_path : state_dir});
  if (!store) return fail(std::move(store.error()));
  std::unique_ptr<LocalImages> local(new LocalImages);
  local->remote_ = make_image_remote(local->loop_, local->clock_, *settings, root);
  local->admission_ = std::make_shared<TrustAdmission>(local->loop_, local->clock_, *local->remote_, load_trust_file);
  local->admission_->use(settings->trust, settings->trust_file);
  utsname system{};
  ::uname(&system);
  local->images_ =
      std::make_unique<Images>(Images::Parts{local->loop_, local->clock_, *local->remote_, local->admission_},
                               std::move(*store), Images::Options{.kernel_release = system.release});
  return local;
}

}  // namespace schedkit
