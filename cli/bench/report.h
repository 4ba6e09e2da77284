// What `schedctl bench` tells of a result, in three forms.
#pragma once

#include "cli/bench/measurement.h"

namespace schedkit {

// Where and when it was measured.
struct BenchPlace {
  std::string kernel;  // uname -r and -m
  std::string cpu;     // its model; may be empty
  std::size_t cpus = 0;
  WallTime at{};
};

// Of this machine, now.
BenchPlace this_place();

// Tables for a terminal, 80 columns wide.
std::string bench_text(const BenchResult& result, const BenchPlace& place);

// Members: docs/schedctl.md, "bench".
std::string bench_json(const BenchResult& result, const BenchPlace& place);

// A page with plots that needs nothing else: no script, no network. (report_html.cc)
std::string bench_html(const BenchResult& result, const BenchPlace& place);

}  // namespace schedkit
