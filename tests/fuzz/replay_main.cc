// Runs a fuzz target without libFuzzer: on each seed file and on some thousand changes of it, the
// same in every run. Finds what is new only with libFuzzer (docs in CMakeLists.txt); this keeps
// what was found from coming back.

#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr int kChanges = 3000;
constexpr unsigned kSecondsForOne = 10;

std::string running;

// An input that takes so long never ends: it is shown.
void show_endless(int) {
  (void)!write(STDERR_FILENO, running.data(), running.size());
  abort();
}

void run(const std::string& input) {
  running = input;
  alarm(kSecondsForOne);
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

std::string changed(std::string input, std::mt19937& random) {
  const int edits = 1 + static_cast<int>(random() % 4);
  for (int i = 0; i < edits && !input.empty(); ++i) {
    const size_t at = random() % input.size();
    switch (random() % 4) {
      case 0:
        input[at] = static_cast<char>(random());
        break;
      case 1:
        input.erase(at, 1 + random() % 8);
        break;
      case 2:
        input.insert(at, input.substr(random() % input.size(), random() % 16));
        break;
      default:
        input.insert(at, 1, static_cast<char>(random()));
        break;
    }
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  std::mt19937 random(1);
  signal(SIGALRM, show_endless);
  run("");
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    const std::string seed{std::istreambuf_iterator<char>(file), {}};
    run(seed);
    for (int j = 0; j < kChanges; ++j) run(changed(seed, random));
  }
  std::printf("%d seeds\n", argc - 1);
  return argc > 1 ? 0 : 1;
}
