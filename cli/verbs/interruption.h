#pragma once

namespace schedkit {

// While it lives, Ctrl-C (SIGINT) does not end the program but is remembered. One at a time.
class Interruption {
 public:
  Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption();

  bool happened() const;

 private:
  void (*before_)(int);
};

}  // namespace schedkit
