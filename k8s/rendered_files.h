// The files that sked keeps in schedkit's directory for clusters. Only files with sked's header are ever changed or
// removed.
#pragma once

#include <map>
#include <string>

#include "core/base/result.h"
#include "k8s/render.h"

namespace schedkit {

class RenderedFiles {
 public:
  // `directory`: /etc/schedkit/cluster.
  explicit RenderedFiles(std::string directory) : directory_(std::move(directory)) {}

  // sked's files by name. Others are left out, and so is what cannot be read. Errc::not_found without the directory.
  Result<std::map<std::string, RenderedHeader>> list() const;

  // Atomic; false when the file has these bytes already. Errc::exists when one of that name is not sked's.
  Result<bool> write(const std::string& name, const std::string& text) const;

  // false when there is none. Errc::exists when it is not sked's.
  Result<bool> remove(const std::string& name) const;

 private:
  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  // nullopt: there is none.
  Result<std::optional<std::string>> read_own(const std::string& name) const;

  std::string directory_;
};

}  // namespace schedkit
