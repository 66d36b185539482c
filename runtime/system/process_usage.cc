#include "runtime/system/process_usage.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/system/file.h"

namespace capstan {
namespace {

// The fields of /proc/PID/stat from the third on: the second, the program's name, may hold blanks.
Result<std::vector<uint64_t>> stat_fields(const std::string& folder) {
  const std::string text = TRY(read_file(folder + "/stat"));
  std::istringstream words(text.substr(text.rfind(')') + 1));
  std::vector<uint64_t> fields;
  for (std::string word; words >> word;) fields.push_back(std::strtoull(word.c_str(), nullptr, 10));
  if (fields.size() < 22) return Error::unavailable(folder + "/stat has too few fields");
  return fields;
}

// Seconds since 1970 at which the machine was started.
Result<double> boot_time() {
  std::istringstream lines(TRY(read_file("/proc/stat")));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("btime ")) return std::strtod(line.c_str() + 6, nullptr);
  }
  return Error::unavailable("/proc/stat has no btime");
}

uint64_t open_fds(const std::string& folder) {
  std::error_code error;
  uint64_t count = 0;
  std::filesystem::directory_iterator entry(folder + "/fd", error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++count;
  return count;
}

}  // namespace

Result<ProcessUsage> read_process_usage(pid_t process) {
  const std::string folder = process == 0 ? "/proc/self" : "/proc/" + std::to_string(process);
  // Counted from the third field: utime is the 14th, stime 15th, num_threads 20th, starttime 22nd,
  // vsize 23rd, rss 24th.
  const std::vector<uint64_t> fields = TRY(stat_fields(folder));
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  ProcessUsage usage;
  usage.cpu_seconds = static_cast<double>(fields[11] + fields[12]) / ticks;
  usage.threads = fields[17];
  usage.start_time = TRY(boot_time()) + static_cast<double>(fields[19]) / ticks;
  usage.virtual_bytes = fields[20];
  usage.resident_bytes = fields[21] * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  usage.open_fds = open_fds(folder);
  // The folder itself was open while it was read.
  if (process == 0 && usage.open_fds > 0) --usage.open_fds;
  rlimit limit{};
  if (::prlimit(process, RLIMIT_NOFILE, nullptr, &limit) == 0) usage.max_fds = limit.rlim_cur;
  return usage;
}

}  // namespace capstan
