// The event loop. One thread runs it; everything else in core/loop must be used on that thread and destroyed before it.
//
// libuv frees nothing by itself: a handle's memory must live until its close callback ran (uv_close). Every owner in
// this folder therefore keeps its handle on the heap, cuts the way back to itself when it is destroyed, and lets the
// close callback free the memory; owners may be destroyed at any time, also inside their own callback.
#pragma once

#include <functional>

struct uv_loop_s;

namespace schedkit {

class Loop {
 public:
  Loop();
  // Every owner must be gone by now; waits for their close callbacks and for work still in the pool.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until stop() or until nothing is left to wait for.
  void run();

  // One turn: waits for events when `wait`, handles them; false when nothing is left to wait for.
  bool run_once(bool wait);

  // Makes run() return after the present turn.
  void stop();

  // For the owners in this folder only.
  uv_loop_s* uv() { return loop_; }

 private:
  uv_loop_s* loop_;
};

}  // namespace schedkit
