#include "cli/verbs/interruption.h"

#include <csignal>

namespace schedkit {

namespace {

volatile std::sig_atomic_t interrupted = 0;

}  // namespace

Interruption::Interruption() : before_(std::signal(SIGINT, [](int) { interrupted = 1; })) {}
Interruption::~Interruption() { std::signal(SIGINT, before_); }
bool Interruption::happened() const { return interrupted != 0; }

}  // namespace schedkit
