// The text of an imported policy file, while it is put together.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/document.h"
#include "config/import.h"
#include "core/policy/model.h"

namespace schedkit {

class ImportText {
 public:
  // `tool`: from what, for the first line.
  ImportText(std::string tool, std::vector<std::string> paths, const ImageOf& image_of);

  // Says what is not the same as before, where it was written.
  void note(const std::string& path, Place place, std::string text);

  // The [schedulers.NAME] table; an image that nobody knows is guessed and noted.
  void add(const std::string& path, Place place, Scheduler scheduler);
  // `condition`: the value of `when.process`; empty: it always holds.
  void add_rule(const std::string& name, const std::string& use, const std::string& mode, int priority,
                const std::string& linger, const std::string& condition);

  Imported finish(std::string name) &&;

 private:
  std::string head_;
  std::string body_;
  const ImageOf& image_of_;
  std::vector<Error> notes_;
};

}  // namespace schedkit
