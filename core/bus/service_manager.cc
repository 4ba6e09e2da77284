#include "core/bus/service_manager.h"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace schedkit {

void notify_ready() { sd_notify(0, "READY=1"); }

// Both in one message, or Type=notify-reload kills the service.
void notify_reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  sd_notify(0, fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1'000'000LL + now.tv_nsec / 1000).c_str());
}

void notify_stopping() { sd_notify(0, "STOPPING=1"); }

std::optional<Duration> watchdog_period() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::microseconds(microseconds / 2);
}

void notify_watchdog() { sd_notify(0, "WATCHDOG=1"); }

void store_descriptor(const std::string& name, const UniqueFd& fd) {
  const int number = fd.get();
  sd_pid_notify_with_fds(0, 0, fmt::format("FDSTORE=1\nFDNAME={}", name).c_str(), &number, 1);
}

void remove_stored_descriptor(const std::string& name) {
  sd_notify(0, fmt::format("FDSTOREREMOVE=1\nFDNAME={}", name).c_str());
}

bool descriptors_are_kept() {
  const char* socket = std::getenv("NOTIFY_SOCKET");
  return socket != nullptr && *socket != '\0';
}

std::vector<std::pair<std::string, UniqueFd>> received_descriptors() {
  std::vector<std::pair<std::string, UniqueFd>> received;
  char** names = nullptr;
  const int count = sd_listen_fds_with_names(1, &names);
  for (int i = 0; i < count; ++i) {
    received.emplace_back(names[i], UniqueFd(SD_LISTEN_FDS_START + i));
    std::free(names[i]);
  }
  std::free(names);
  return received;
}

void hand_over(const std::vector<std::pair<std::string, int>>& descriptors, const std::vector<std::string>& argv) {
  const int end = SD_LISTEN_FDS_START + static_cast<int>(descriptors.size());
  std::vector<int> moved;  // out of the way first: one may have another's place
  std::string names;
  for (const auto& [name, fd] : descriptors) {
    moved.push_back(::fcntl(fd, F_DUPFD_CLOEXEC, end));
    names += (names.empty() ? "" : ":") + name;
  }
  for (std::size_t i = 0; i < moved.size(); ++i) ::dup2(moved[i], SD_LISTEN_FDS_START + static_cast<int>(i));
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  ::setenv("LISTEN_FDS", std::to_string(descriptors.size()).c_str(), 1);
  ::setenv("LISTEN_FDNAMES", names.c_str(), 1);
  std::vector<char*> words;
  for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execv(words[0], words.data());
}

}  // namespace schedkit
