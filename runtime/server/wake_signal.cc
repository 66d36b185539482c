#include "runtime/server/wake_signal.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

namespace capstan {

void WakeSignal::hold_renewal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Result<std::unique_ptr<WakeSignal>> WakeSignal::create() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  const int signals = signalfd(-1, &set, SFD_CLOEXEC);
  const int wakes = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (signals < 0 || wakes < 0) {
    return Error::internal(std::string("cannot wait for signals: ") + std::strerror(errno));
  }
  return std::unique_ptr<WakeSignal>(new WakeSignal(signals, wakes));
}

WakeSignal::~WakeSignal() {
  close(signals_);
  close(wakes_);
}

void WakeSignal::wake() {
  const uint64_t one = 1;
  // The counter cannot be full, and a waiter is woken by any value.
  (void)!write(wakes_, &one, sizeof one);
}

bool WakeSignal::stop_asked() const {
  pollfd fd{signals_, POLLIN, 0};
  return poll(&fd, 1, 0) > 0;
}

WakeSignal::Reason WakeSignal::wait(Duration at_most) {
  pollfd fds[] = {{signals_, POLLIN, 0}, {wakes_, POLLIN, 0}};
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(at_most).count();
  if (poll(fds, 2, static_cast<int>(millis)) <= 0) return Reason::kTimeout;
  if ((fds[0].revents & POLLIN) != 0) {
    // Taken from the queue, so that a second signal counts as a new one.
    signalfd_siginfo info{};
    (void)!read(signals_, &info, sizeof info);
    return info.ssi_signo == SIGUSR2 ? Reason::kRenew : Reason::kStop;
  }
  uint64_t count = 0;
  (void)!read(wakes_, &count, sizeof count);
  return Reason::kWoken;
}

}  // namespace capstan
