// One image on its way from a registry into the store:
//
//   what the reference names → the platform's manifest → config → platform, kernel and limits → admission
//     → layers, each into a file; unpacked in order by one thread while they grow → publish
//
// Layers are fetched one after the other as long as that is quick, so that the first is soon there to be unpacked; what
// is not there after 100 ms is fetched all at once.
//
// Nothing big is fetched before the image is admitted and known to fit this machine. On an error, and when the Pull is
// destroyed, the store is as before and nothing is left.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/image/admission.h"
#include "core/image/incoming_blob.h"
#include "core/image/present_image.h"
#include "core/image/remote.h"
#include "core/image/store.h"
#include "core/image/turns.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"
#include "core/policy/pull.h"

namespace schedkit {

class Pull {
 public:
  // The references must outlive it, and the loop the work it leaves in the pool.
  struct Parts {
    Loop& loop;
    const Clock& clock;
    ImageRemote& remote;
    Admission& admission;
    std::shared_ptr<const Store> store;  // shared with the pool's work under way
    Turns& unpacking;
    std::string kernel_release;  // as in uname -r
  };
  struct Handlers {
    std::function<void(const PullProgress&)> on_progress = {};  // often; must not destroy the Pull
    // Instead of bringing the image in: its evidence, once, as on_done. Then on_done is only told of errors.
    std::function<void(std::string)> on_admitted = {};
    // Once, on the loop thread, never from inside the constructor; may destroy the Pull.
    std::function<void(Result<RunnableImage>)> on_done;
  };

  Pull(Parts parts, Reference reference, PullOptions options, Handlers handlers);
  ~Pull();
  Pull(const Pull&) = delete;
  Pull& operator=(const Pull&) = delete;

  const PullProgress& progress() const { return progress_; }

 private:
  struct Documents;  // the manifests and the config
  struct Layers;     // the layers, here or on their way
  struct Staged;
  struct Wanted {
    Descriptor layer;
    BlobStart start;  // from an interrupted pull
  };
  using Alive = std::weak_ptr<const int>;

  void ask();
  void take_top(Result<RemoteDocument> document);
  void next_document();
  void fetch_document(const Descriptor& wanted);
  void take_document(const Descriptor& wanted, Result<std::string> bytes);
  void check(LoadedImage image);
  void admit();
  void take_evidence(Result<std::string> evidence);
  void renew();
  void stage();
  void take_staged(Result<Staged> staged);
  void fetch_next();
  void fetch_layer(const Descriptor& layer, std::shared_ptr<IncomingBlob> blob, BlobStart start, int attempt);
  void unpack(Turns::Turn turn);
  void advance();
  void begin_anew();
  void publish();
  void fail_with(Error error);
  void stop_fetching();
  void end(Result<RunnableImage> result);
  void show(PullProgress::Phase phase);
  std::int64_t now() const;

  Parts parts_;
  const Reference reference_;
  const PullOptions options_;
  Handlers handlers_;
  PullProgress progress_;

  std::optional<PresentImage> present_;  // what the reference means here
  RemoteDocument top_;
  std::string manifest_type_;
  std::string evidence_;
  std::shared_ptr<Documents> documents_;
  std::optional<LoadedImage> image_;
  RunnableImage runnable_;
  std::shared_ptr<Staging> staging_;            // shared with the pool's jobs; removed in the pool
  std::shared_ptr<Layers> layers_;              // shared with the unpacking job
  std::map<std::string, RemoteCallPtr> calls_;  // by digest; "" is that of a document
  std::deque<Wanted> wanted_;                   // layers not asked for yet
  Timer hurry_;                                 // until they are asked for all at once
  std::size_t missing_ = 0;                     // layers not stored yet
  bool unpacking_ = false;                      // waits for its turn or is under way
  bool working_ = false;                        // a job is in the pool
  bool resumed_ = false;                        // some layers began with what an interrupted pull left
  std::optional<Error> error_;                  // the first one; what is under way ends before it is told
  std::shared_ptr<const int> alive_ = std::make_shared<const int>(0);
};

}  // namespace schedkit
