#include "core/control/narration.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"

namespace schedkit {

namespace {

double milliseconds(Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

std::string digest_of(const Status& status, const std::string& scheduler) {
  for (const auto* run : {&status.current, &status.candidate}) {
    if (*run && (*run)->name == scheduler) return (*run)->digest;
  }
  const auto standby = std::ranges::find(status.standbys, scheduler, &StandbyStatus::name);
  return standby != status.standbys.end() ? standby->digest : "";
}

class Narrator {
 public:
  Narrator(const Status& before, const Status& now, const Decision* decision)
      : before_(before), now_(now), decision_(decision) {}

  void steps() {
    const auto phase = [](const Status& status) { return status.candidate ? status.candidate->phase : std::string(); };
    if (now_.candidate && (phase(now_) != phase(before_) || now_.candidate->name != before_.candidate->name)) {
      say(log::Level::info, fmt::format("{}: {}", now_.candidate->name, now_.candidate->phase));
    }
    if (now_.state == SystemState::handing_over && before_.state != SystemState::handing_over) {
      say(log::Level::info, "handing over");
    }
    if (now_.last_failure && (!before_.last_failure || now_.last_failure->at != before_.last_failure->at)) {
      say(log::Level::error, now_.last_failure->text, message_id::failed, now_.last_failure->scheduler);
    }
  }

  void entry(const HistoryEntry& entry) {
    switch (entry.event) {
      case HistoryEvent::switched:
      case HistoryEvent::restarted: return attached("switched", message_id::switched, entry);
      case HistoryEvent::rolled_back: return attached("rolled back", message_id::rolled_back, entry);
      case HistoryEvent::passed: return say(log::Level::info, fmt::format("{} passed its probation", entry.to));
      case HistoryEvent::lost: return say(log::Level::notice, entry.text, message_id::lost, entry.from);
      case HistoryEvent::out_of_turn:
      case HistoryEvent::notice: return say(log::Level::notice, entry.text);
      case HistoryEvent::standby:
        return say(log::Level::warning, fmt::format("{} is not kept at the gate: {}", entry.to, entry.text));
      default: return;
    }
  }

  void foreign() {
    if (now_.state != SystemState::foreign || before_.state == SystemState::foreign) return;
    say(log::Level::notice, fmt::format("foreign scheduler {} ({})", now_.kernel.ops, now_.foreign_owner),
        message_id::foreign, now_.kernel.ops);
  }

  std::vector<LogMessage> messages;

 private:
  void attached(std::string_view what, std::string_view id, const HistoryEntry& entry) {
    say(log::Level::info,
        fmt::format("{} from {} to {}: prepared in {:.1f} ms, detached in {:.1f} ms, attached in {:.1f} ms ({})", what,
                    entry.from, entry.to, milliseconds(entry.prepare), milliseconds(entry.detach),
                    milliseconds(entry.attach), entry.cause),
        id, entry.to);
  }

  // A rule is named when it is why this scheduler is wanted.
  void say(log::Level level, std::string text, std::string_view id = {}, const std::string& scheduler = {}) {
    LogMessage message{level, std::move(text)};
    if (!id.empty()) message.fields.emplace_back("MESSAGE_ID", id);
    if (!scheduler.empty()) message.fields.emplace_back("SCHEDKIT_SCHEDULER", scheduler);
    const auto digest = digest_of(now_, scheduler).empty() ? digest_of(before_, scheduler) : digest_of(now_, scheduler);
    if (!scheduler.empty() && !digest.empty()) message.fields.emplace_back("SCHEDKIT_DIGEST", digest);
    if (decision_ != nullptr && !decision_->rule.empty() && decision_->choice.name() == scheduler) {
      message.fields.emplace_back("SCHEDKIT_RULE", decision_->rule);
    }
    messages.push_back(std::move(message));
  }

  const Status& before_;
  const Status& now_;
  const Decision* decision_;
};

}  // namespace

std::vector<LogMessage> narrate(const Status& before, const Status& now, const std::vector<HistoryEntry>& happened,
                                const Decision* decision) {
  Narrator narrator(before, now, decision);
  narrator.steps();
  for (const auto& entry : happened) narrator.entry(entry);
  narrator.foreign();
  return std::move(narrator.messages);
}

}  // namespace schedkit
