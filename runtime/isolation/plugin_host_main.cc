// capstan-plugin-host: runs one plugin in a process of its own. Started by capstan with three
// connected sockets (3 and 5: calls to the plugin, 4: calls to the host); nothing for people to run.
#include <pthread.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "runtime/isolation/plugin_host.h"

namespace {

constexpr size_t kStackOfThreads = size_t{2} << 20;

// Before anything of the plugin runs: end with the host, leave no memory image with secrets behind,
// report a broken connection as an error.
void prepare_process() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  std::signal(SIGPIPE, SIG_IGN);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackOfThreads);
  pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
  // The host adds time and the plugin's name.
  spdlog::set_default_logger(spdlog::stderr_logger_mt("plugin"));
  spdlog::set_pattern("%v");
}

}  // namespace

int main() {
  using capstan::isolation::Fd;
  prepare_process();
  return capstan::isolation::PluginHost(Fd(3), Fd(4), Fd(5)).run();
}
