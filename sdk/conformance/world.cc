#include "sdk/conformance/world.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace capstan::conformance {

std::string world_digest(const Subject& subject) {
  if (subject.config.world_digest.empty()) return "";
  const std::string command = in_world(subject.config.world_digest, subject.world);
  FILE* pipe = ::popen(command.c_str(), "re");
  if (pipe == nullptr) return "the digest command cannot be run";
  std::string out;
  char buffer[4096];
  for (size_t count; (count = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;) {
    out.append(buffer, count);
  }
  const int status = ::pclose(pipe);
  if (status != 0) out += "\n(the digest command ended with " + std::to_string(status) + ")";
  return out;
}

Result<std::unique_ptr<FakeWorld>> FakeWorld::start(const Subject& subject) {
  if (subject.config.world_start.empty()) return std::unique_ptr<FakeWorld>();
  const std::string command = "exec " + in_world(subject.config.world_start, subject.world);
  int output[2];
  if (::pipe2(output, O_CLOEXEC) != 0) return Error::internal("no pipe for the world");
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(output[1], STDOUT_FILENO);
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(output[1]);
  if (pid < 0) {
    ::close(output[0]);
    return Error::internal("cannot fork for the world");
  }
  std::unique_ptr<FakeWorld> world(new FakeWorld(pid));
  pollfd ready{output[0], POLLIN, 0};
  char byte = 0;
  const bool wrote = ::poll(&ready, 1, 10'000) == 1 && ::read(output[0], &byte, 1) == 1;
  // The pipe stays open for the fake's further output; it ends with this process.
  if (wrote) return world;
  ::close(output[0]);
  return Error::unavailable("world.start wrote no line in 10 s: " + command);
}

FakeWorld::~FakeWorld() {
  ::kill(pid_, SIGTERM);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace capstan::conformance
