// Private to core/image/registry: the download of one blob, over all its interruptions.
//
// The sink sees one stream. After a break we ask for the rest with Range; a server that sends everything again instead is
// read again and the part that we have is dropped, so that whoever unpacks while downloading need not start anew. That is
// safe because in the end the digest decides. (containers/image starts anew there.)
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/image/hasher.h"
#include "core/image/registry/attempts.h"
#include "core/image/registry/exchange.h"
#include "core/loop/timer.h"

namespace schedkit::registry {

class BlobFetch {
 public:
  // `sink` and `context` must outlive it. `done` is called once, later, and may destroy it.
  BlobFetch(Context& context, std::vector<Endpoint> endpoints, Descriptor blob, BlobStart start, BlobSink& sink,
            std::function<void(Result<void>)> done);

  void resume();

 private:
  void ask();
  Result<bool> take_head(const HttpHead& head);
  Result<void> check_range(const HttpHead& head);
  Result<HttpFlow> take_body(std::string_view bytes);
  void take(Result<HttpAnswer> answer);
  void complete();
  void broken(Failure failure);
  void go_on_after(Duration wait);
  void finish(Result<void> result);
  std::string what() const;
  bool advanced();

  Context& context_;
  std::vector<Endpoint> endpoints_;
  Descriptor blob_;
  BlobSink& sink_;
  std::function<void(Result<void>)> done_;
  Timer timer_;
  std::unique_ptr<Exchange> exchange_;
  Hasher hasher_;
  std::uint64_t offset_ = 0;      // bytes that the sink and the hasher have
  std::uint64_t skip_ = 0;        // of this answer's body, because we have them
  std::uint64_t last_break_ = 0;  // offset_ then
  Instant last_break_time_{};
  std::optional<Error> final_;  // the sink's, or one that no other try mends
  bool ranges_ = true;          // the server was not caught misunderstanding Range
  bool broke_before_ = false;
  std::size_t at_ = 0;          // endpoint
  unsigned failed_rounds_ = 0;  // without any progress
  std::vector<std::string> others_;
};

}  // namespace schedkit::registry
