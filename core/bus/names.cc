#include "core/bus/names.h"

#include <array>

namespace schedkit::bus {

namespace {

struct Name {
  Errc code;
  std::string_view word;
};

constexpr std::string_view prefix = "io.schedkit.Error.";
constexpr std::array<Name, 12> names{{{Errc::invalid, "Invalid"},
                                      {Errc::not_found, "NotFound"},
                                      {Errc::exists, "Exists"},
                                      {Errc::io, "Io"},
                                      {Errc::denied, "Denied"},
                                      {Errc::limit, "Limit"},
                                      {Errc::integrity, "Integrity"},
                                      {Errc::unsupported, "Unsupported"},
                                      {Errc::busy, "Busy"},
                                      {Errc::timeout, "Timeout"},
                                      {Errc::cancelled, "Cancelled"},
                                      {Errc::failed, "Failed"}}};

constexpr std::array<Name, 8> foreign_names{{{Errc::denied, "org.freedesktop.DBus.Error.AccessDenied"},
                                             {Errc::timeout, "org.freedesktop.DBus.Error.NoReply"},
                                             {Errc::timeout, "org.freedesktop.DBus.Error.Timeout"},
                                             {Errc::invalid, "org.freedesktop.DBus.Error.InvalidArgs"},
                                             {Errc::unsupported, "org.freedesktop.DBus.Error.UnknownMethod"},
                                             {Errc::unsupported, "org.freedesktop.DBus.Error.UnknownInterface"},
                                             {Errc::unsupported, "org.freedesktop.DBus.Error.UnknownObject"},
                                             {Errc::limit, "org.freedesktop.DBus.Error.LimitsExceeded"}}};

}  // namespace

std::string socket_path(std::string_view run_directory) { return std::string(run_directory) + "/schedkitd.sock"; }

std::string readers_socket_path(std::string_view run_directory) {
  return std::string(run_directory) + "/agent/agent.sock";
}

std::string error_name(Errc code) {
  for (const auto& name : names) {
    if (name.code == code) return std::string(prefix) + std::string(name.word);
  }
  return std::string(prefix) + "Failed";
}

Errc error_code(std::string_view name) {
  for (const auto& foreign : foreign_names) {
    if (foreign.word == name) return foreign.code;
  }
  if (name.starts_with(prefix)) {
    for (const auto& own : names) {
      if (own.word == name.substr(prefix.size())) return own.code;
    }
  }
  return Errc::failed;
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string shown;
  shown.reserve(text.size() < limit ? text.size() : limit);
  for (const char c : text.substr(0, limit)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      shown += fmt::format("\\x{:02x}", byte);
    } else {
      shown += c;
    }
  }
  if (text.size() > limit) shown += "...";
  return shown;
}

}  // namespace schedkit::bus
