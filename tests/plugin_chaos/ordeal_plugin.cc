// Copies spec.value to the status; where spec.act says so it first does, once for each text there
// ("crash-17"), what a plugin must not. While it works on an object it holds a lock on a file: two
// calls for one object at the same time, in whatever processes, meet there. The lock goes with the
// process.
#include <capstan/plugin.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

namespace ordeal {

using namespace capstan::sdk;

constexpr int kCallSocket = 3;
constexpr int kServiceSocket = 4;

[[noreturn]] void hang() {
  for (;;) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

// On all processors, so that nothing else of the machine is left either.
[[noreturn]] void starve() {
  static std::atomic<unsigned> turns{0};
  const auto spin = [] {
    for (;;) turns.fetch_add(1, std::memory_order_relaxed);
  };
  for (unsigned i = 1; i < std::thread::hardware_concurrency(); ++i) std::thread(spin).detach();
  for (;;) turns.fetch_add(1, std::memory_order_relaxed);
}

[[noreturn]] void use_all_memory() {
  for (;;) {
    void* block = std::malloc(1 << 20);
    if (block == nullptr) std::abort();
    std::memset(block, 1, 1 << 20);
  }
}

// Calls for objects whose answers nobody takes: they fill the socket.
[[noreturn]] void ask_and_never_read() {
  unsigned char call[32 + 8] = "CP\x01";
  call[4] = 8;    // bytes of the body
  call[12] = 69;  // a list of objects
  for (unsigned i = 0; i < 4'000'000; ++i) {
    std::memcpy(call + 8, &i, sizeof i);
    if (::send(kServiceSocket, call, sizeof call, MSG_NOSIGNAL) < 0) break;
  }
  hang();
}

[[noreturn]] void say_garbage(int socket) {
  constexpr char kGarbage[] = "no frame at all, but long enough to be taken for one";
  (void)!::write(socket, kGarbage, sizeof kGarbage);
  hang();
}

void act(const std::string& what) {
  if (what == "crash") std::raise(SIGSEGV);
  if (what == "exit") ::_exit(7);
  if (what == "hang") hang();
  if (what == "starve") starve();
  if (what == "memory") use_all_memory();
  if (what == "garbage") say_garbage(kCallSocket);
  if (what == "service-garbage") say_garbage(kServiceSocket);
  if (what == "deaf") ask_and_never_read();
  if (what == "close") {
    ::shutdown(kCallSocket, SHUT_RDWR);
    hang();
  }
}

class OrdealPlugin {
 public:
  explicit OrdealPlugin(Host& host) : host_(host) {}

  Status activate(const Json& settings) {
    folder_ = string_at(settings, "folder");
    return {};
  }

  Status reconcile(const Request& request, Reply& reply, const Call&) {
    const std::string mark = folder_ + "/" + request.uid();
    const int file = ::open(mark.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
      ::close(::open((folder_ + "/overlap").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
      ::close(file);
      return Error::internal("two calls for one object at the same time");
    }
    const Json& object = request.object();
    const std::string what = string_at(object, "spec/act");
    misbehave(what, mark + "-" + what);
    // As long as a request to something outside may take, so that an end meets calls.
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    reply.status("value", *find_at(object, "spec/value"));
    reply.status("observedGeneration", *find_at(object, "metadata/generation"));
    ::close(file);
    return {};
  }

 private:
  void misbehave(const std::string& what, const std::string& done) {
    if (what.empty()) return;
    const int first = ::open(done.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (first < 0) return;
    ::close(first);
    if (what == "log") host_.log().info("told to log");
    act(what.substr(0, what.rfind('-')));
  }

  Host& host_;
  std::string folder_;
};

}  // namespace ordeal

CAPSTAN_PLUGIN(ordeal::OrdealPlugin)
