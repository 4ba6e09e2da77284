// The images of this machine as the ports that the rest of the system uses: found in the store, or pulled into it.
//
// A registry's image that the store holds needs no network: what was kept of its admission is judged again, and it is
// used. What policies name is pulled when they are loaded, tried again while the network is not there (after 10 s, then
// doubling up to 15 minutes), and asked about once in `refresh`; a tag that moved is pulled, and used from the next
// start on.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "core/base/clock.h"
#include "core/image/pull.h"
#include "core/loop/timer.h"
#include "core/policy/image.h"
#include "core/policy/image_commands.h"

namespace schedkit {

class Images final : public ImageProvider, public ImageCommands {
 public:
  struct Parts {
    Loop& loop;
    const Clock& clock;
    ImageRemote& remote;
    std::shared_ptr<Admission> admission;  // shared with the pool's work under way, which may outlive Images
  };
  struct Options {
    std::string kernel_release;  // as in uname -r: images that need a newer one are refused
    Retention retention = {};
    Duration refresh = std::chrono::hours(24);
    std::function<Keep()> keep = {};  // what must not be removed, beside what want() named
  };

  // The parts must outlive it.
  Images(Parts parts, Store store, Options options);
  ~Images() override;

  void set_keep(std::function<Keep()> keep) { options_.keep = std::move(keep); }

  void prepare(const std::string& reference, ImageProvider::Done done) override;
  void want(const std::set<std::string>& references, Report report) override;

  // Does what is due; called by its own timer.
  void tick();

  std::unique_ptr<PullJob> pull(const std::string& reference, const PullOptions& options,
                                PullHandlers handlers) override;
  // --- images_commands.cc ---
  void list(Answer<std::vector<ImageStatus>> done) override;
  void remove(const std::string& reference, Answer<ImagesRemoved> done) override;
  void prune(bool all, Answer<ImagesRemoved> done) override;
  void verify_trust(const std::string& reference, const PullOptions& options, Answer<TrustVerdict> done) override;
  void verify(Answer<std::vector<std::string>> done) override;

 private:
  struct Shared;  // a pull and those who take part in it
  class Part;
  struct Found;
  struct Wanted {
    Instant due;            // when to look after it again
    unsigned failures = 0;  // in a row
    bool ready = false;
    std::unique_ptr<PullJob> pull = nullptr;
    RemoteCallPtr call = nullptr;
  };

  static Found look(const Reference& reference, const Store& store, const Admission& admission,
                    const std::string& kernel_release);
  void verify_remote(const Reference& reference, const PullOptions& options, Answer<TrustVerdict> done);
  void pull_for(const std::string& reference, ImageProvider::Done done);
  void pulled(const std::string& key, Result<RunnableImage> image);
  Keep keep_now() const;

  void take(const std::string& reference, const Result<RunnableImage>& image, std::int64_t checked);
  void refresh(const std::string& reference, Wanted& wanted);
  void renew(const std::string& reference, const Digest& digest);
  void set_timer();

  Parts parts_;
  const std::shared_ptr<const Store> store_;  // as the admission
  Options options_;
  Turns unpacking_{1};  // a stream that waits for the network holds a thread of the pool
  std::map<std::string, std::unique_ptr<Shared>> pulls_;  // by reference and options
  std::list<std::unique_ptr<Pull>> verifying_;
  std::map<std::string, Wanted> wanted_;
  Report report_;
  std::unique_ptr<Timer> timer_;
  std::shared_ptr<const int> alive_ = std::make_shared<const int>(0);
};

}  // namespace schedkit
