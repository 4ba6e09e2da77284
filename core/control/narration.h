// What the log says of transitions: text for people, fields for whom journalctl and the catalog serve. Pure.
#pragma once

#include <string>
#include <vector>

#include "core/base/log_fields.h"
#include "core/policy/decision.h"
#include "core/policy/history.h"
#include "core/policy/status.h"

namespace schedkit {

struct LogMessage {
  log::Level level = log::Level::info;
  std::string text;
  log::Fields fields = {};
};

// Their texts: units/schedkit.catalog.
namespace message_id {
constexpr std::string_view switched = "f089f15a4048435f88a51ccc45d11a79";
constexpr std::string_view rolled_back = "c70152028438495cb3fad48f1f297dcf";
constexpr std::string_view failed = "7ea9a3449db1416dacabffa6f717ac20";
constexpr std::string_view lost = "3d25b275a3cd4c85bd69ce889c0c1d92";
constexpr std::string_view foreign = "ca98722efe7e4c079d5e8b3c78268e1e";
}  // namespace message_id

// One line for each step between two pictures. `happened` are the entries of the history that came between them, and
// `decision` is what is wanted now, or null.
std::vector<LogMessage> narrate(const Status& before, const Status& now, const std::vector<HistoryEntry>& happened,
                                const Decision* decision);

}  // namespace schedkit
