#pragma once

#include <termios.h>

#include <cstddef>
#include <string>

#include "core/base/clock.h"

namespace schedkit {

// A picture on the terminal that is drawn over and over; what was there before comes back at the end. Ends on SIGINT,
// SIGTERM and SIGHUP, or when q or Ctrl-C is typed. One at a time.
class TerminalScreen {
 public:
  TerminalScreen();
  TerminalScreen(const TerminalScreen&) = delete;
  TerminalScreen& operator=(const TerminalScreen&) = delete;
  ~TerminalScreen();

  struct Size {
    std::size_t rows = 24, columns = 80;
  };
  static Size size();

  // False when it cannot be written.
  static bool draw(const std::string& picture);

  // Waits at most `time`, less when the window changes. False when it is to end.
  bool wait(Duration time);

 private:
  termios before_{};
  bool raw_ = false;  // keys are read one by one
};

}  // namespace schedkit
