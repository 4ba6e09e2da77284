// Runs a fuzz target without libFuzzer: REPLAY CORPUS_DIRECTORY. Every file of the corpus is fed once as it is and
// SCHEDKIT_FUZZ_RUNS times (default 200) mutated. The mutations depend on the file's bytes and the run's number only,
// so that a failure comes again.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// Sizes and types sit in few bytes: extreme values find more than random ones.
constexpr std::uint8_t interesting[] = {0x00, 0xff, 0x7f, 0x80, '0', '9', '/', '.',
                                        '"',  '{',  '}',  '[',  ']', ':', '@', '\n'};

void mutate(std::vector<std::uint8_t>& data, std::mt19937& random) {
  const std::size_t changes = 1 + random() % 4;
  for (std::size_t i = 0; i < changes; ++i) {
    const std::size_t at = data.empty() ? 0 : random() % data.size();
    const std::size_t run = 1 + random() % 64;
    const auto begin = data.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = begin + static_cast<std::ptrdiff_t>(std::min(run, data.size() - at));
    switch (data.empty() ? 2 : random() % 6) {
      case 0: data[at] = static_cast<std::uint8_t>(random()); break;
      case 1: data[at] = interesting[random() % std::size(interesting)]; break;
      case 2: data.insert(begin, interesting[random() % std::size(interesting)]); break;
      case 3: data.erase(begin, end); break;
      case 4: {
        const std::vector<std::uint8_t> piece(begin, end);
        const auto to = static_cast<std::ptrdiff_t>(random() % data.size());
        data.insert(data.begin() + to, piece.begin(), piece.end());
        break;
      }
      default: data[at] = static_cast<std::uint8_t>(data[at] ^ (1u << (random() % 8))); break;
    }
  }
}

std::vector<std::uint8_t> read_whole(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s CORPUS_DIRECTORY\n", argv[0]);
    return 2;
  }
  const char* wanted = std::getenv("SCHEDKIT_FUZZ_RUNS");
  const unsigned long runs = wanted == nullptr ? 200 : std::strtoul(wanted, nullptr, 10);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  unsigned long fed = 0;
  for (const auto& file : files) {
    const std::vector<std::uint8_t> original = read_whole(file);
    std::printf("%s\n", file.filename().c_str());
    std::fflush(stdout);
    LLVMFuzzerTestOneInput(original.data(), original.size());
    std::mt19937 random(static_cast<std::uint32_t>(original.size()));
    for (unsigned long run = 0; run < runs; ++run, ++fed) {
      std::vector<std::uint8_t> data = original;
      mutate(data, random);
      LLVMFuzzerTestOneInput(data.data(), data.size());
    }
  }
  std::printf("%zu files, %lu mutations\n", files.size(), fed);
  return files.empty() ? 1 : 0;
}
