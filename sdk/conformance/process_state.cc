#include "sdk/conformance/process_state.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace capstan::conformance {

namespace fs = std::filesystem;

ProcessState ProcessState::now() {
  ProcessState state;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator("/proc/self/task", failure)) {
    (void)entry;
    ++state.threads;
  }
  const std::string own = "/proc/" + std::to_string(::getpid()) + "/fd";
  for (const auto& entry : fs::directory_iterator("/proc/self/fd", failure)) {
    const fs::path target = fs::read_symlink(entry.path(), failure);
    if (failure || target == own) continue;
    state.files.push_back(target.string());
  }
  std::sort(state.files.begin(), state.files.end());
  std::ifstream statm("/proc/self/statm");
  long size = 0, resident = 0;
  statm >> size >> resident;
  state.resident_kilobytes = resident * (::sysconf(_SC_PAGESIZE) / 1024);
  return state;
}

std::string left_behind(const ProcessState& before, const ProcessState& after) {
  std::string out;
  if (after.threads > before.threads) {
    out = std::to_string(after.threads - before.threads) + " more threads";
  }
  std::vector<std::string> opened;
  std::set_difference(after.files.begin(), after.files.end(), before.files.begin(),
                      before.files.end(), std::back_inserter(opened));
  for (const std::string& file : opened) {
    // The system's generator is opened once for the life of a process.
    if (file == "/dev/urandom" || file == "/dev/random") continue;
    out += (out.empty() ? "open: " : "; open: ") + file;
  }
  return out;
}

}  // namespace capstan::conformance
