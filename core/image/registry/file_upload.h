// Private to core/image/registry: a file as the body of a request, read in the pool.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/loop/loop.h"
#include "core/net/http.h"

namespace schedkit::registry {

class FileUpload final : public HttpUpload {
 public:
  // `more` is called on the loop thread when read() has something again; the loop must outlive this.
  FileUpload(Loop& loop, std::string path, std::uint64_t size, std::function<void()> more);
  ~FileUpload() override;

  std::optional<std::uint64_t> size() const override { return size_; }
  Result<std::optional<std::size_t>> read(char* buffer, std::size_t size) override;

 private:
  struct File;

  void fetch();
  void take(Result<std::string> piece);

  Loop& loop_;
  std::uint64_t size_;
  std::function<void()> more_;
  std::shared_ptr<File> file_;  // shared with the pool's job under way
  std::string piece_;
  std::size_t at_ = 0;  // in piece_
  std::uint64_t given_ = 0;
  bool fetching_ = false;
  std::optional<Error> error_;
  std::shared_ptr<const int> alive_ = std::make_shared<const int>(0);  // the job's way back is cut with it
};

}  // namespace schedkit::registry
