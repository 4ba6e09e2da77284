// An image that is ready to run, and the port through which the rest of the system gets one.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace schedkit {

// What is left of an OCI image (image-spec, config.md) once it is verified and unpacked.
struct RunnableImage {
  std::string reference = {};  // normalised, as shown to people
  std::string digest = {};     // "sha256:…" of the platform's manifest
  std::string rootfs = {};     // absolute path of the unpacked root file system; never written by us again
  std::vector<std::string> entrypoint = {};  // entrypoint and command are not both empty
  std::vector<std::string> command = {};     // default arguments, replaced by those of a policy
  std::vector<std::string> env = {};         // "KEY=value"
  std::string working_directory = "/";
  int stop_signal = 15;
  std::map<std::string, std::string> labels = {};  // config.Labels over manifest annotations

  bool operator==(const RunnableImage&) const = default;
};

// Makes images runnable without blocking the loop.
class ImageProvider {
 public:
  using Done = std::function<void(Result<RunnableImage>)>;

  virtual ~ImageProvider() = default;

  // Verifies and unpacks what `reference` names (design: "ghcr.io/…:tag", "…@sha256:…", "oci:/path:tag") unless that
  // was done before. `done` is called exactly once, later, on the loop thread, never from inside prepare(). The
  // provider must not be destroyed before.
  virtual void prepare(const std::string& reference, Done done) = 0;

  // What the policies name: it is made ready now and kept ready, so that prepare() finds it. `report` is told how it went
  // with each, again when that changes, on the loop thread; the next call replaces both.
  using Report = std::function<void(const std::string& reference, const Result<RunnableImage>& image)>;
  virtual void want(const std::set<std::string>& references, Report report) {
    for (const std::string& reference : references) {
      prepare(reference, [report, reference](const Result<RunnableImage>& image) { report(reference, image); });
    }
  }
};

}  // namespace schedkit
