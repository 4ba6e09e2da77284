#pragma once

#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace schedkit {

// What to say of words that schedctl does not understand: what is wrong with the nearest right word, and where more
// help is. One line each, at most three.
std::string usage_hint(const CLI::App& app, const CLI::ParseError& error);

}  // namespace schedkit
