// Include it last: CppUTest's macro for new breaks standard headers.
#pragma once

#include <string>

#include <CppUTest/TestHarness.h>

namespace schedkit::test {

inline void check_text(const std::string& expected, const std::string& got) {
  STRCMP_EQUAL(expected.c_str(), got.c_str());
}

}  // namespace schedkit::test
