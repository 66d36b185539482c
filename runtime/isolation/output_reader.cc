#include "runtime/isolation/output_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <string_view>
#include <utility>

namespace capstan::isolation {
namespace {

constexpr size_t kMaxLine = 4096;
constexpr size_t kBlock = 4096;
// A process that goes on may write faster than this reads: who is told to end reads what the
// largest pipe holds, not until nothing is left.
constexpr size_t kLastRounds = (size_t{1} << 20) / kBlock;

std::string printable(std::string_view line) {
  std::string out(line);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return out;
}

void log_line(const std::string& plugin, bool is_error, std::string_view line) {
  if (line.empty()) return;
  spdlog::log(is_error ? spdlog::level::warn : spdlog::level::info, "[{}] {}: {}", plugin,
              is_error ? "stderr" : "stdout", printable(line));
}

// One of the two pipes; the part of a line that has no end yet.
struct Stream {
  Fd& pipe;
  bool is_error;
  std::string rest = {};

  // False at the end of the pipe.
  bool read_some(const std::string& plugin) {
    char buffer[kBlock];
    const ssize_t count = ::read(pipe.get(), buffer, sizeof(buffer));
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    if (count == 0) return false;
    rest.append(buffer, static_cast<size_t>(count));
    size_t start = 0;
    for (size_t end = 0; (end = rest.find('\n', start)) != std::string::npos; start = end + 1) {
      log_line(plugin, is_error, std::string_view(rest).substr(start, end - start));
    }
    rest.erase(0, start);
    if (rest.size() > kMaxLine) flush(plugin);
    return true;
  }
  void flush(const std::string& plugin) {
    log_line(plugin, is_error, rest);
    rest.clear();
  }
};

}  // namespace

OutputReader::OutputReader(std::string plugin, Fd output, Fd errors)
    : plugin_(std::move(plugin)),
      pipes_{std::move(output), std::move(errors)},
      stop_(::eventfd(0, EFD_CLOEXEC)) {
  for (const Fd& pipe : pipes_) ::fcntl(pipe.get(), F_SETFL, O_NONBLOCK);
  thread_ = std::thread([this] { run(); });
}

OutputReader::~OutputReader() {
  end();
}

std::pair<Fd, Fd> OutputReader::release() {
  end();
  return {std::move(pipes_[0]), std::move(pipes_[1])};
}

void OutputReader::end() {
  if (!thread_.joinable()) return;
  const uint64_t one = 1;
  (void)!::write(stop_.get(), &one, sizeof(one));
  thread_.join();
}

void OutputReader::run() {
  Stream streams[2] = {{pipes_[0], false}, {pipes_[1], true}};
  size_t left = kLastRounds;
  while (pipes_[0].valid() || pipes_[1].valid()) {
    pollfd ready[3] = {
        {pipes_[0].get(), POLLIN, 0}, {pipes_[1].get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    if (::poll(ready, 3, -1) < 0) continue;
    bool read = false;
    for (int i = 0; i < 2; ++i) {
      if (ready[i].revents == 0) continue;
      read = true;
      if (streams[i].read_some(plugin_)) continue;
      streams[i].flush(plugin_);
      pipes_[i].reset();
    }
    if (ready[2].revents != 0 && (!read || --left == 0)) break;  // told to end
  }
  for (Stream& stream : streams) stream.flush(plugin_);
}

}  // namespace capstan::isolation
