#include "runtime/system/execute_again.h"

#include <linux/close_range.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace capstan {
namespace {

std::vector<std::string> own_arguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::vector<std::string> arguments;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\0', start), text.size());
    arguments.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return arguments;
}

}  // namespace

std::string program_path() {
  std::error_code failure;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", failure);
  return failure ? "" : path.string();
}

std::string path_to_execute_again() {
  std::error_code failure;
  const std::vector<std::string> arguments = own_arguments();
  if (!arguments.empty() && arguments[0].find('/') != std::string::npos) {
    const auto called = std::filesystem::absolute(arguments[0], failure);
    if (!failure && std::filesystem::equivalent(called, "/proc/self/exe", failure)) {
      return called.string();
    }
  }
  return program_path();
}

Result<void> check_executable(const std::string& program) {
  if (::access(program.c_str(), X_OK) == 0) return {};
  return Error::failed_precondition(program + " cannot be executed: " + std::strerror(errno));
}

void close_all_on_exec() {
  (void)::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
}

Error execute_again(const std::string& program) {
  std::vector<std::string> arguments = own_arguments();
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  ::execv(program.c_str(), pointers.data());
  return Error::unavailable("cannot start " + program + " anew: " + std::strerror(errno));
}

}  // namespace capstan
