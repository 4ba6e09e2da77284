// WWW-Authenticate (RFC 9110, 11.6.1): what a server wants to see before it answers. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace schedkit {

struct Challenge {
  std::string scheme;                             // lower case
  std::map<std::string, std::string> parameters;  // names in lower case; of equal names the first

  // "" when it is missing.
  std::string_view parameter(const std::string& name) const;

  bool operator==(const Challenge&) const = default;
};

// Every challenge of every header, in their order. What does not follow the grammar is passed over up to the next comma.
std::vector<Challenge> parse_challenges(const std::vector<std::string_view>& values);

// The first one that we can answer: "bearer" or "basic".
std::optional<Challenge> choose_challenge(const std::vector<Challenge>& challenges);

}  // namespace schedkit
