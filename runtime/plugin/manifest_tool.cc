#include "runtime/plugin/manifest_tool.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "runtime/system/execute_again.h"

extern char** environ;

namespace capstan {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kTimeout{30};
constexpr size_t kMaxOutput = size_t{64} << 20;

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) == 0) {
      read_end = ends[0];
      write_end = ends[1];
    }
  }
  Pipe(const Pipe&) = delete;
  ~Pipe() {
    for (const int fd : {read_end, write_end}) {
      if (fd >= 0) ::close(fd);
    }
  }
  void close_write() {
    ::close(write_end);
    write_end = -1;
  }
};

// Reads both to their ends. False where that takes too long or is too much.
bool read_both(const Pipe& out, const Pipe& err, std::string& text, std::string& words) {
  const auto deadline = std::chrono::steady_clock::now() + kTimeout;
  std::array<pollfd, 2> polls = {pollfd{out.read_end, POLLIN, 0}, pollfd{err.read_end, POLLIN, 0}};
  const std::array<std::string*, 2> into = {&text, &words};
  while (polls[0].fd >= 0 || polls[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    const int ready = ::poll(polls.data(), 2, static_cast<int>(std::max<int64_t>(0, left.count())));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    for (size_t i = 0; i < 2; ++i) {
      if (polls[i].fd < 0 || polls[i].revents == 0) continue;
      char buffer[65536];
      const ssize_t count = ::read(polls[i].fd, buffer, sizeof(buffer));
      if (count <= 0) {
        polls[i].fd = -1;
      } else {
        into[i]->append(buffer, static_cast<size_t>(count));
      }
      if (into[i]->size() > kMaxOutput) return false;
    }
  }
  return true;
}

Result<pid_t> spawn(const std::string& tool, const std::string& folder, const Pipe& out,
                    const Pipe& err) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out.write_end, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err.write_end, STDERR_FILENO);
  std::string arguments[] = {"/usr/bin/python3", "-I", tool, "--folder", folder, "-o", "-"};
  char* argv[std::size(arguments) + 1] = {};
  for (size_t i = 0; i < std::size(arguments); ++i) argv[i] = arguments[i].data();
  pid_t child = 0;
  const int failure = ::posix_spawn(&child, argv[0], &actions, nullptr, argv, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) {
    return Error::internal("cannot run " + tool + ": " + std::strerror(failure));
  }
  return child;
}

}  // namespace

std::vector<std::string> installed_folders(const std::string& relative) {
  std::error_code failure;
  const fs::path program = fs::path(program_path()).parent_path();
  std::vector<std::string> names = {relative};
  if (relative.starts_with("lib/")) {
    for (const char* lib : {"lib64", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu"}) {
      names.push_back(lib + relative.substr(3));
    }
  }
  std::vector<std::string> found;
  // PREFIX/bin/capstan, PREFIX/libexec/capstan/NAME.
  for (const fs::path& prefix : {program.parent_path(), program.parent_path().parent_path()}) {
    for (const std::string& name : names) {
      const fs::path folder = prefix / name;
      if (fs::is_directory(folder, failure)) found.push_back(folder.string());
    }
  }
  return found;
}

Result<std::string> run_manifest_tool(const std::string& folder) {
  std::string tool;
  for (const std::string& tools : installed_folders("share/capstan-sdk/tools")) {
    if (tool.empty() && fs::exists(tools + "/capstan-manifest")) tool = tools + "/capstan-manifest";
  }
  if (tool.empty()) {
    return Error::failed_precondition(
        "has no current manifest.json, and the SDK's capstan-manifest, which makes it, is not "
        "installed here; run `capstan-manifest --folder` where it is");
  }
  Pipe out, err;
  if (out.write_end < 0 || err.write_end < 0) return Error::internal("cannot make a pipe");
  const pid_t child = TRY(spawn(tool, folder, out, err));
  out.close_write();
  err.close_write();
  std::string text, words;
  const bool ended = read_both(out, err, text, words);
  if (!ended) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended) return Error::internal("capstan-manifest did not end in time");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return text;
  while (!words.empty() && words.back() == '\n') words.pop_back();
  return Error::invalid(words.empty() ? "capstan-manifest failed without a word" : words);
}

}  // namespace capstan
