// One of several coordinators leads: the one that holds a Lease
// (https://kubernetes.io/docs/concepts/architecture/leases/). Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/base/clock.h"

namespace schedkit {

struct LeaderOptions {
  std::string name = "sked-coordinator";
  std::string name_space = "schedkit-system";
  std::string identity;                         // ours, unlike that of any other
  Duration lease = std::chrono::seconds(15);    // another may take it when nobody renewed it for so long
  Duration give_up = std::chrono::seconds(10);  // we stop leading when we could not renew it for so long
  Duration renew = std::chrono::seconds(3);     // how often it is looked at
};

class Leader {
 public:
  struct Action {
    enum class Kind { nothing, create, replace } kind = Kind::nothing;
    nlohmann::json lease =
        {};  // what is to be written; replace keeps its resourceVersion, so that one of two writers wins
  };

  explicit Leader(LeaderOptions options) : options_(std::move(options)) {}

  // `lease`: as the server has it; null when there is none. Whether somebody renews it is judged by our clock alone:
  // those of machines differ.
  Action look(const nlohmann::json& lease, Instant now, WallTime wall);
  // What look() asked for was written, by a request that was sent at `sent`.
  void wrote(Instant sent) { led_ = sent; }

  bool leads(Instant now) const { return led_ && now - *led_ < options_.give_up; }
  const LeaderOptions& options() const { return options_; }

 private:
  LeaderOptions options_;
  std::optional<Instant> led_;
  std::string seen_;  // holder and time of renewal
  Instant seen_since_{};
};

}  // namespace schedkit
