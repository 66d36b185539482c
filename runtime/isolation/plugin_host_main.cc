// capstan-plugin-host: runs one plugin in a process of its own. Started by capstan with three
// connected sockets (3 and 5: calls to the plugin, 4: calls to the host) and one on which others
// come when the host starts itself anew (6), or with --probe to try a library once; nothing for
// people to run.
#include <fcntl.h>
#include <pthread.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/isolation/plugin_host.h"
#include "runtime/plugin/probe.h"

namespace {

constexpr size_t kStackOfThreads = size_t{2} << 20;
// Where the processors are short, the server answers first (a third of its share is left).
constexpr int kNiceness = 5;

// A process that leads a session, as this one does, is weighed against other sessions by its
// session's niceness where the kernel groups processes by session (sched(7), "The autogroup
// feature"); its own counts only within. Where there is no such file, its own is what counts.
void stand_back() {
  ::setpriority(PRIO_PROCESS, 0, kNiceness);
  const int file = ::open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  const std::string text = std::to_string(kNiceness);
  // Of those without privileges the kernel takes one a tenth of a second, from all processes.
  for (int tries = 0; tries < 50; ++tries) {
    if (::write(file, text.data(), text.size()) >= 0 || errno != EAGAIN) break;
    ::usleep(10'000);
  }
  ::close(file);
}

// Before anything of the plugin runs: end with the host, stand back behind it, leave no memory
// image with secrets behind, report a broken connection as an error.
void prepare_process() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  stand_back();
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  std::signal(SIGPIPE, SIG_IGN);
  // Whatever else handles them (a sanitizer), a crash is to be seen as one.
  for (const int crash : {SIGSEGV, SIGABRT}) std::signal(crash, SIG_DFL);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackOfThreads);
  pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
  // The host adds time and the plugin's name.
  spdlog::set_default_logger(spdlog::stderr_logger_mt("plugin"));
  spdlog::set_pattern("%v");
}

// What is to be tried comes on 0, the report goes to 3 (runtime/plugin/probe.h).
int probe() {
  constexpr int kReport = 3;
  const std::string told((std::istreambuf_iterator<char>(std::cin)),
                         std::istreambuf_iterator<char>());
  const auto json = capstan::parse_json(told);
  const auto file = json.ok() ? capstan::PluginFile::from_json(*json)
                              : capstan::Result<capstan::PluginFile>(json.error());
  const std::string result =
      file.ok() ? capstan::run_probe(*file, kReport) : "=" + file.error().message;
  (void)!::write(kReport, result.data(), result.size());
  // Without the destructors of a library that may be wrong in them; it was tried to that end.
  ::_exit(0);
}

}  // namespace

int main(int count, char** arguments) {
  using capstan::isolation::Fd;
  prepare_process();
  if (count == 2 && std::string_view(arguments[1]) == "--probe") return probe();
  Fd control(::fcntl(6, F_SETFD, FD_CLOEXEC) == 0 ? 6 : -1);
  return capstan::isolation::PluginHost(Fd(3), Fd(4), Fd(5), std::move(control)).run();
}
