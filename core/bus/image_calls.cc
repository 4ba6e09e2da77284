#include "core/bus/image_calls.h"

#include <systemd/sd-bus.h>

#include <utility>

#include "core/base/text.h"
#include "core/bus/answer.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

constexpr Duration between_signals = std::chrono::milliseconds(100);
constexpr std::size_t longest_reference = 1024;

using bus::handled;
using bus::refuse;

Error no_images() { return {Errc::unsupported, "this daemon keeps no images"}; }

// Answers `call`, whose sender may have gone, with what `append` writes.
template <class T, class Append>
ImageCommands::Answer<T> answer_later(sd_bus_message* call, Append append) {
  return [held = Message::share(call), append](const Result<T>& result) {
    int sent = 0;
    if (!result) {
      sent = refuse(held.get(), result.error());
    } else {
      sd_bus_message* raw = nullptr;
      sent = sd_bus_message_new_method_return(held.get(), &raw);
      const Message answer = Message::adopt(raw);
      if (sent >= 0) sent = append(raw, *result);
      if (sent >= 0) sent = sd_bus_send(nullptr, raw, nullptr);
    }
    bus::note_unsent(sent);
  };
}

int append_texts(sd_bus_message* answer, const std::vector<std::string>& texts) {
  int error = sd_bus_message_open_container(answer, 'a', "s");
  for (const auto& text : texts) {
    if (error >= 0) error = sd_bus_message_append(answer, "s", bus::printable(text).c_str());
  }
  return error < 0 ? error : sd_bus_message_close_container(answer);
}

int append_images(sd_bus_message* answer, const std::vector<ImageStatus>& images) {
  int error = sd_bus_message_open_container(answer, 'a', "(ssbxtt)");
  for (const auto& image : images) {
    if (error < 0) return error;
    error = sd_bus_message_append(answer, "(ssbxtt)", bus::printable(image.reference).c_str(),
                                  bus::printable(image.digest).c_str(), static_cast<int>(image.current), image.pulled,
                                  image.blobs, image.unpacked);
  }
  return error < 0 ? error : sd_bus_message_close_container(answer);
}

int append_removed(sd_bus_message* answer, const ImagesRemoved& removed) {
  const int error = append_texts(answer, removed.images);
  return error < 0 ? error : sd_bus_message_append(answer, "tt", removed.freed, removed.left);
}

int append_verdict(sd_bus_message* answer, const TrustVerdict& verdict) {
  return sd_bus_message_append(answer, "bs", static_cast<int>(verdict.trusted), verdict.report.c_str());
}

Result<std::string> read_reference(sd_bus_message* call) {
  const char* text = nullptr;
  if (sd_bus_message_read(call, "s", &text) <= 0) return fail(Errc::invalid, "the reference must be a string");
  if (std::string_view(text).size() > longest_reference) {
    return fail(Errc::limit, "the reference is longer than {} bytes", longest_reference);
  }
  return std::string(text);
}

Result<void> read_option(sd_bus_message* call, PullOptions& options) {
  const char* key = nullptr;
  if (sd_bus_message_read(call, "s", &key) <= 0) return fail(Errc::invalid, "an option's name cannot be read");
  const std::string_view name = key;
  int flag = 0;
  if (name == "allow-unsigned" || name == "allow-downgrade") {
    if (sd_bus_message_read(call, "v", "b", &flag) <= 0) return fail(Errc::invalid, "{} must be a boolean", name);
    (name == "allow-unsigned" ? options.allow_unsigned : options.allow_downgrade) = flag != 0;
    return {};
  }
  if (name != "trust-policy") {
    return fail(Errc::invalid, "there is no option {}; known are allow-unsigned, allow-downgrade and trust-policy",
                quote(name, 40));
  }
  const char* path = nullptr;
  if (sd_bus_message_read(call, "v", "s", &path) <= 0) return fail(Errc::invalid, "trust-policy must be a string");
  if (*path != '/') return fail(Errc::invalid, "trust-policy is {}; write an absolute path", quote(path));
  options.trust_policy = path;
  return {};
}

Result<PullOptions> read_options(sd_bus_message* call) {
  PullOptions options;
  if (sd_bus_message_enter_container(call, 'a', "{sv}") <= 0) return fail(Errc::invalid, "options cannot be read");
  int more = 0;
  while ((more = sd_bus_message_enter_container(call, 'e', "sv")) > 0) {
    if (auto read = read_option(call, options); !read) return fail(std::move(read.error()));
    if (sd_bus_message_exit_container(call) < 0) return fail(Errc::invalid, "options cannot be read");
  }
  if (more < 0 || sd_bus_message_exit_container(call) < 0) return fail(Errc::invalid, "options cannot be read");
  return options;
}

std::string next_job_path() {
  static std::uint64_t last = 0;
  return fmt::format("/io/schedkit/Job1/{}", ++last);
}

}  // namespace

// The object of one pull: io.schedkit.Job1 with Cancel() and the signals Progress(s phase, t bytes, t total) and
// Finished(s error, s text, s digest), after which it is gone. An empty error means success.
class ImageCalls::Job {
 public:
  Job(ImageCalls& owner, sd_bus* bus, std::string client)
      : owner_(owner), bus_(bus), client_(std::move(client)), path_(next_job_path()) {}

  Result<void> begin(const std::string& reference, const PullOptions& options);
  const std::string& path() const { return path_; }
  const std::string& client() const { return client_; }

  static int on_cancel(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
    auto& self = *static_cast<Job*>(data);
    const char* sender = sd_bus_message_get_sender(call);
    if (!self.client_.empty() && (sender == nullptr || self.client_ != sender)) {
      return refuse(call, {Errc::denied, "this pull is another client's", {}});
    }
    const int sent = sd_bus_reply_method_return(call, "");
    self.finished(fail(Errc::cancelled, "cancelled as asked"));
    return sent < 0 ? sent : handled;
  }

 private:
  void progress(const PullProgress& now) {
    const Instant at = owner_.clock_.now();
    if (now.phase == phase_ && at < told_at_ + between_signals) return;
    phase_ = now.phase;
    told_at_ = at;
    sd_bus_emit_signal(bus_, path_.c_str(), bus::job_interface, "Progress", "stt", to_string(now.phase).data(),
                       now.bytes, now.total);
  }

  void finished(const Result<RunnableImage>& image) {
    const std::string error = image ? "" : bus::error_name(image.error().code);
    const std::string text = image ? image->reference : bus::printable(image.error().describe());
    sd_bus_emit_signal(bus_, path_.c_str(), bus::job_interface, "Finished", "sss", error.c_str(), text.c_str(),
                       image ? image->digest.c_str() : "");
    owner_.end(*this);
  }

  ImageCalls& owner_;
  sd_bus* bus_;
  std::string client_;
  std::string path_;
  SlotPtr slot_;
  PullProgress::Phase phase_ = PullProgress::Phase::done;
  Instant told_at_{};
  std::unique_ptr<ImageCommands::PullJob> pull_;
};

namespace {

template <class Job>
const sd_bus_vtable* job_vtable() {
  static const sd_bus_vtable vtable[] = {
      SD_BUS_VTABLE_START(0), SD_BUS_METHOD("Cancel", "", "", Job::on_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
      SD_BUS_SIGNAL_WITH_ARGS("Progress", SD_BUS_ARGS("s", phase, "t", bytes, "t", total), 0),
      SD_BUS_SIGNAL_WITH_ARGS("Finished", SD_BUS_ARGS("s", error, "s", text, "s", digest), 0), SD_BUS_VTABLE_END};
  return vtable;
}

}  // namespace

Result<void> ImageCalls::Job::begin(const std::string& reference, const PullOptions& options) {
  sd_bus_slot* slot = nullptr;
  const int error = sd_bus_add_object_vtable(bus_, &slot, path_.c_str(), bus::job_interface, job_vtable<Job>(), this);
  if (error < 0) return fail_errno(-error, "cannot offer a job on a bus connection");
  slot_.reset(slot);
  pull_ = owner_.images_->pull(reference, options,
                               {.on_progress = [this](const PullProgress& now) { progress(now); },
                                .on_done = [this](Result<RunnableImage> image) { finished(image); }});
  return {};
}

ImageCalls::ImageCalls(ImageCommands* images, const Clock& clock, ClientWatch& clients)
    : images_(images), clock_(clock), clients_(clients) {}

ImageCalls::~ImageCalls() = default;

void ImageCalls::end(const Job& job) {
  clients_.remove(job.client());
  jobs_.remove_if([&](const auto& other) { return other.get() == &job; });
}

void ImageCalls::gone(const std::string& client) {
  jobs_.remove_if([&](const auto& job) { return job->client() == client; });
}

Result<void> ImageCalls::room_for(const std::string& client) {
  if (jobs_.size() >= most_pulls) return fail(Errc::limit, "{} pulls are under way already", jobs_.size());
  if (!clients_.add(client)) return fail(Errc::limit, "{} clients hold or pull already", ClientWatch::most_clients);
  return {};
}

int ImageCalls::pull(sd_bus* bus, sd_bus_message* call, const std::string& client) {
  if (images_ == nullptr) return refuse(call, no_images());
  auto reference = read_reference(call);
  if (!reference) return refuse(call, reference.error());
  auto options = read_options(call);
  if (!options) return refuse(call, options.error());
  if (auto room = room_for(client); !room) return refuse(call, room.error());
  jobs_.push_back(std::make_unique<Job>(*this, bus, client));
  const std::string path = jobs_.back()->path();
  if (auto begun = jobs_.back()->begin(*reference, *options); !begun) {
    end(*jobs_.back());
    return refuse(call, begun.error());
  }
  return sd_bus_reply_method_return(call, "o", path.c_str());
}

int ImageCalls::list(sd_bus_message* call) {
  if (images_ == nullptr) return refuse(call, no_images());
  images_->list(answer_later<std::vector<ImageStatus>>(call, append_images));
  return handled;
}

int ImageCalls::remove(sd_bus_message* call) {
  if (images_ == nullptr) return refuse(call, no_images());
  auto reference = read_reference(call);
  if (!reference) return refuse(call, reference.error());
  images_->remove(*reference, answer_later<ImagesRemoved>(call, append_removed));
  return handled;
}

int ImageCalls::prune(sd_bus_message* call) {
  if (images_ == nullptr) return refuse(call, no_images());
  int all = 0;
  if (const int error = sd_bus_message_read(call, "b", &all); error < 0) return error;
  images_->prune(all != 0, answer_later<ImagesRemoved>(call, append_removed));
  return handled;
}

int ImageCalls::verify(sd_bus_message* call) {
  if (images_ == nullptr) return refuse(call, no_images());
  images_->verify(answer_later<std::vector<std::string>>(call, append_texts));
  return handled;
}

int ImageCalls::verify_trust(sd_bus_message* call) {
  if (images_ == nullptr) return refuse(call, no_images());
  auto reference = read_reference(call);
  if (!reference) return refuse(call, reference.error());
  auto options = read_options(call);
  if (!options) return refuse(call, options.error());
  images_->verify_trust(*reference, *options, answer_later<TrustVerdict>(call, append_verdict));
  return handled;
}

}  // namespace schedkit
