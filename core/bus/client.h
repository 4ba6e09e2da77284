#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/bus/message.h"
#include "core/bus/output_log.h"
#include "core/policy/image_commands.h"

namespace schedkit {

// Blocking calls to a daemon over its private socket or the system bus, for programs without a loop. After a call has failed because the
// connection broke, connected() is false and further calls fail at once.
class Client {
 public:
  static constexpr Duration longest_switch = std::chrono::minutes(15);  // an image may have to be unpacked first

  struct RunOptions {
    std::string mode;                              // "" for none
    std::optional<std::vector<std::string>> args;  // replace the policy's
    std::string until;                             // "auto", "boot", a duration; "" as the settings say
  };

  // Errc::denied when this user may not connect; every other code means that no daemon answers there.
  static Result<Client> connect(const std::string& socket);
  // For everybody; polkit decides about each call and may ask for a password.
  static Result<Client> connect_system_bus();

  bool connected() const;

  Result<std::string> status();  // JSON, status_json.h
  // Of one rule, or of all with ""; `form` is "json" or "text".
  Result<std::string> explain(const std::string& rule, const std::string& form);
  Result<std::string> daemon_version();
  Result<std::string> history(std::uint32_t count);  // JSON, history_json.h
  Result<std::uint32_t> clear_quarantine(const std::string& which);
  Result<void> reload();

  // These wait until the kernel has confirmed, at most longest_switch.
  Result<void> run(const std::string& scheduler, const RunOptions& options);
  Result<void> stop();
  Result<void> go_automatic();

  // Calls `on_line` with each line that Watch() tells, and with an empty one now and then, until it returns false.
  // (client_stream.cc)
  Result<void> watch(const std::function<bool(const std::string& line)>& on_line);
  // The cookie of a hold, which lasts as long as this client. The same wait; given up with Errc::cancelled when the
  // descriptor `give_up` is readable. (client_choice.cc)
  struct HoldOptions {
    std::string mode;
    std::optional<std::vector<std::string>> args;
    std::string reason;
    int give_up = -1;
  };
  Result<std::uint32_t> hold(const std::string& scheduler, const HoldOptions& options);
  // Returns when `fd` is readable; an error when the connection, and so the hold, ended before.
  Result<void> wait_for(int fd);
  Result<void> serve_loader(bool serve);

  // Waits until the image is in the store, and tells how far it is; `on_progress` false cancels. (client_images.cc)
  struct Pulled {
    std::string reference;
    std::string digest;
  };
  using OnProgress = std::function<bool(const PullProgress&)>;
  Result<Pulled> pull(const std::string& reference, const PullOptions& options, const OnProgress& on_progress);
  Result<std::vector<ImageStatus>> list_images();
  Result<ImagesRemoved> remove_image(const std::string& reference);
  Result<ImagesRemoved> prune_images(bool all);
  Result<std::vector<std::string>> verify_images();
  Result<TrustVerdict> verify_trust(const std::string& reference, const PullOptions& options);

  // What schedulers printed, "" for all of them. With `follow` the daemon tells this client the coming lines as well:
  // follow_logs() waits for them and ends when `on_lines` is false; it is called without lines now and then.
  // (client_logs.cc)
  Result<std::vector<OutputLine>> logs(const std::string& scheduler, bool follow);
  Result<void> follow_logs(const std::string& scheduler,
                           const std::function<bool(const std::vector<OutputLine>&)>& on_lines);

 private:
  explicit Client(BusPtr bus, const char* destination = nullptr) : bus_(std::move(bus)), destination_(destination) {}

  Result<Message> make_call(const char* method);
  Result<Message> call(const Message& request, Duration timeout, int give_up = -1);
  Result<bool> wait_for_traffic(int fd, Duration timeout);
  Result<void> command(const char* method, Duration timeout);
  Result<ImagesRemoved> removed(const Result<Message>& request);

  BusPtr bus_;
  const char* destination_;  // on a bus
};

}  // namespace schedkit
