#pragma once

#include <map>
#include <string>

#include "core/control/state_store.h"

namespace schedkit::fakes {

class FakeStateStore final : public StateStore {
 public:
  Result<std::string> read(const std::string& name) const override {
    const auto found = files.find(name);
    if (found == files.end()) return fail(Errc::not_found, "{} does not exist", name);
    return found->second;
  }
  void replace(const std::string& name, std::string content) override { files[name] = std::move(content); }
  void append(const std::string& name, std::string line) override { files[name] += line + "\n"; }

  std::map<std::string, std::string> files;
};

}  // namespace schedkit::fakes
