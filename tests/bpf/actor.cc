// A process that does what a test tells it, a line of standard input at a time, and answers each with a line. The end
// of its input ends it.
//
//   rename NAME        the first thread names itself
//   thread-rename NAME another thread does
//   exec PATH          the first thread executes PATH, as this program again
//   thread-exec PATH   another thread does
//   fork-away          forks a child that goes on in its place; the parent ends
//   leader-exit        the first thread ends, another goes on
//   exit-by-thread     another thread ends the process while all run
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

namespace {

void answer(const std::string& text) {
  const std::string line = text + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::_Exit(3);
}

// Unbuffered: after an exec the rest of the input belongs to the next program.
bool read_line(std::string& line) {
  line.clear();
  for (char byte = 0; ::read(STDIN_FILENO, &byte, 1) == 1;) {
    if (byte == '\n') return true;
    line += byte;
  }
  return false;
}

void become(const std::string& path) {
  ::execl(path.c_str(), path.c_str(), static_cast<char*>(nullptr));
  std::perror(path.c_str());
  std::_Exit(4);
}

void serve();

void* serve_thread(void*) {
  // The first thread counts as gone for the kernel only when it really is.
  answer("done");
  serve();
  std::_Exit(0);
}

void leader_exit() {
  pthread_t thread;
  if (::pthread_create(&thread, nullptr, serve_thread, nullptr) != 0) std::_Exit(5);
  ::syscall(SYS_exit, 0);
}

void act(const std::string& verb, const std::string& argument) {
  if (verb == "rename") {
    ::prctl(PR_SET_NAME, argument.c_str());
  } else if (verb == "thread-rename") {
    std::thread([&] { ::prctl(PR_SET_NAME, argument.c_str()); }).join();
  } else if (verb == "exec") {
    become(argument);
  } else if (verb == "thread-exec") {
    std::thread([&] { become(argument); }).join();
  } else if (verb == "fork-away") {
    if (::fork() > 0) std::_Exit(0);
  } else if (verb == "leader-exit") {
    leader_exit();
  } else if (verb == "exit-by-thread") {
    std::thread([] { ::syscall(SYS_exit_group, 0); }).join();
  } else {
    std::_Exit(2);
  }
  answer("done");
}

void serve() {
  for (std::string line; read_line(line);) {
    const auto space = line.find(' ');
    act(line.substr(0, space), space == std::string::npos ? "" : line.substr(space + 1));
  }
}

}  // namespace

int main() {
  answer("done");
  serve();
  std::_Exit(0);
}
