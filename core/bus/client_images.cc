// The blocking client's calls about images.
#include <systemd/sd-bus.h>

#include <cstring>

#include "core/bus/client.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

constexpr Duration disk_timeout = std::chrono::minutes(15);  // the store may be large and the disk slow
constexpr std::uint64_t wait_microseconds = 500'000;         // between looks whether somebody wants to cancel

Error strange(const char* what) {
  return {Errc::invalid, fmt::format("the daemon's answer to {} cannot be read; is it of another version?", what)};
}

PullProgress::Phase phase_of(std::string_view word) {
  using Phase = PullProgress::Phase;
  for (const Phase phase : {Phase::resolving, Phase::verifying, Phase::fetching, Phase::unpacking}) {
    if (to_string(phase) == word) return phase;
  }
  return Phase::done;
}

bool read_texts(sd_bus_message* answer, std::vector<std::string>& texts) {
  if (sd_bus_message_enter_container(answer, 'a', "s") <= 0) return false;
  const char* text = nullptr;
  while (sd_bus_message_read(answer, "s", &text) > 0) texts.emplace_back(text);
  return sd_bus_message_exit_container(answer) >= 0;
}

int append_options(sd_bus_message* call, const PullOptions& options) {
  int error = sd_bus_message_open_container(call, 'a', "{sv}");
  if (error >= 0 && options.allow_unsigned) error = sd_bus_message_append(call, "{sv}", "allow-unsigned", "b", 1);
  if (error >= 0 && options.allow_downgrade) error = sd_bus_message_append(call, "{sv}", "allow-downgrade", "b", 1);
  if (error >= 0 && !options.trust_policy.empty()) {
    error = sd_bus_message_append(call, "{sv}", "trust-policy", "s", options.trust_policy.c_str());
  }
  return error < 0 ? error : sd_bus_message_close_container(call);
}

// What the signals of one job said.
struct Following {
  PullProgress progress;
  std::optional<Result<Client::Pulled>> outcome;
};

int on_signal(sd_bus_message* signal, void* data, sd_bus_error*) noexcept {
  auto& following = *static_cast<Following*>(data);
  if (sd_bus_message_is_signal(signal, bus::job_interface, "Progress") > 0) {
    const char* phase = nullptr;
    if (sd_bus_message_read(signal, "stt", &phase, &following.progress.bytes, &following.progress.total) > 0) {
      following.progress.phase = phase_of(phase);
    }
  } else if (sd_bus_message_is_signal(signal, bus::job_interface, "Finished") > 0) {
    const char* error = nullptr;
    const char* text = nullptr;
    const char* digest = nullptr;
    if (sd_bus_message_read(signal, "sss", &error, &text, &digest) <= 0) return 0;
    if (*error == '\0') {
      following.outcome = Client::Pulled{text, digest};
    } else {
      following.outcome = fail(Error{bus::error_code(error), text});
    }
  }
  return 0;
}

}  // namespace

Result<Client::Pulled> Client::pull(const std::string& reference, const PullOptions& options,
                                    const OnProgress& on_progress) {
  auto request = make_call("Pull");
  if (!request) return fail(std::move(request.error()));
  sd_bus_message* raw = request->get();
  int error = sd_bus_message_append(raw, "s", reference.c_str());
  if (error >= 0) error = append_options(raw, options);
  if (error < 0) return fail_errno(-error, "cannot write the call Pull");
  // Before the call: the job may be over before its answer is read. Only our own jobs signal here.
  Following following;
  sd_bus_slot* slot = nullptr;
  error = sd_bus_add_filter(bus_.get(), &slot, on_signal, &following);
  const SlotPtr filter(slot);
  if (error < 0) return fail_errno(-error, "cannot follow the pull");
  if (auto reply = call(*request, std::chrono::seconds(30)); !reply) return fail(std::move(reply.error()));
  while (!following.outcome) {
    const int worked = sd_bus_process(bus_.get(), nullptr);
    if (worked < 0) return fail(Errc::io, "the daemon closed the connection; the pull is cancelled");
    if (!on_progress(following.progress)) return fail(Errc::cancelled, "cancelled");
    if (worked == 0) sd_bus_wait(bus_.get(), wait_microseconds);
  }
  return std::move(*following.outcome);
}

Result<std::vector<ImageStatus>> Client::list_images() {
  auto request = make_call("ListImages");
  if (!request) return fail(std::move(request.error()));
  auto reply = call(*request, disk_timeout);
  if (!reply) return fail(std::move(reply.error()));
  std::vector<ImageStatus> images;
  if (sd_bus_message_enter_container(reply->get(), 'a', "(ssbxtt)") <= 0) return fail(strange("ListImages"));
  for (;;) {
    const char* reference = nullptr;
    const char* digest = nullptr;
    int current = 0;
    ImageStatus image;
    const int more = sd_bus_message_read(reply->get(), "(ssbxtt)", &reference, &digest, &current, &image.pulled,
                                         &image.blobs, &image.unpacked);
    if (more < 0) return fail(strange("ListImages"));
    if (more == 0) return images;
    image.reference = reference;
    image.digest = digest;
    image.current = current != 0;
    images.push_back(std::move(image));
  }
}

Result<ImagesRemoved> Client::removed(const Result<Message>& request) {
  if (!request) return fail(request.error());
  auto reply = call(*request, disk_timeout);
  if (!reply) return fail(std::move(reply.error()));
  ImagesRemoved removed;
  if (!read_texts(reply->get(), removed.images) ||
      sd_bus_message_read(reply->get(), "tt", &removed.freed, &removed.left) <= 0) {
    return fail(strange(sd_bus_message_get_member(request->get())));
  }
  return removed;
}

Result<ImagesRemoved> Client::remove_image(const std::string& reference) {
  auto request = make_call("RemoveImage");
  if (request && sd_bus_message_append(request->get(), "s", reference.c_str()) < 0) {
    request = fail(Errc::invalid, "the reference is not UTF-8 text");
  }
  return removed(request);
}

Result<ImagesRemoved> Client::prune_images(bool all) {
  auto request = make_call("PruneImages");
  if (request && sd_bus_message_append(request->get(), "b", static_cast<int>(all)) < 0) {
    request = fail(Errc::failed, "cannot write the call PruneImages");
  }
  return removed(request);
}

Result<std::vector<std::string>> Client::verify_images() {
  auto request = make_call("VerifyImages");
  if (!request) return fail(std::move(request.error()));
  auto reply = call(*request, disk_timeout);
  if (!reply) return fail(std::move(reply.error()));
  std::vector<std::string> problems;
  if (!read_texts(reply->get(), problems)) return fail(strange("VerifyImages"));
  return problems;
}

Result<TrustVerdict> Client::verify_trust(const std::string& reference, const PullOptions& options) {
  auto request = make_call("VerifyTrust");
  if (!request) return fail(std::move(request.error()));
  int error = sd_bus_message_append(request->get(), "s", reference.c_str());
  if (error >= 0) error = append_options(request->get(), options);
  if (error < 0) return fail_errno(-error, "cannot write the call VerifyTrust");
  auto reply = call(*request, disk_timeout);
  if (!reply) return fail(std::move(reply.error()));
  int trusted = 0;
  const char* report = nullptr;
  if (sd_bus_message_read(reply->get(), "bs", &trusted, &report) <= 0) return fail(strange("VerifyTrust"));
  return TrustVerdict{trusted != 0, report};
}

}  // namespace schedkit
