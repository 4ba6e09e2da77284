#include "cli/verbs/terminal_screen.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "cli/verbs/verb.h"

namespace schedkit {

namespace {

// xterm's control sequences: the alternate screen, and the cursor.
constexpr const char* enter = "\x1b[?1049h\x1b[?25l";
constexpr const char* leave = "\x1b[?25h\x1b[?1049l";
constexpr const char* from_top = "\x1b[H";
constexpr const char* rest_of_line = "\x1b[K";
constexpr const char* rest_of_screen = "\x1b[J";

volatile std::sig_atomic_t ended = 0;

}  // namespace

TerminalScreen::TerminalScreen() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, [](int) { ended = 1; });
  std::signal(SIGWINCH, [](int) {});  // only interrupts the wait
  raw_ = ::isatty(STDIN_FILENO) == 1 && ::tcgetattr(STDIN_FILENO, &before_) == 0;
  if (raw_) {
    termios keys = before_;
    keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &keys);
  }
  print(enter);
}

TerminalScreen::~TerminalScreen() {
  print(leave);
  if (raw_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

TerminalScreen::Size TerminalScreen::size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return {};
  return {size.ws_row, size.ws_col};
}

bool TerminalScreen::draw(const std::string& picture) {
  std::string text = from_top;
  for (const char c : picture) {
    if (c == '\n') text += rest_of_line;
    text += c;
  }
  return print(text + rest_of_screen);
}

bool TerminalScreen::wait(Duration time) {
  pollfd keys{raw_ ? STDIN_FILENO : -1, POLLIN, 0};
  const int ready =
      ::poll(&keys, 1, static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()));
  if (ended != 0) return false;
  if (ready <= 0) return true;
  char key = 0;
  return ::read(STDIN_FILENO, &key, 1) == 1 && key != 'q' && key != 'Q';
}

}  // namespace schedkit
