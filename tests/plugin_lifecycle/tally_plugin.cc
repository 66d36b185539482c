// Copies spec.value to the status, and leaves a mark in a folder while it works on an object: two
// calls for one object at the same time, in whatever versions of the plugin, meet there. A manifest
// that asks for it has it give every new object the value 42.
#include <capstan/plugin.h>
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

namespace tally {

using namespace capstan::sdk;

class TallyPlugin {
 public:
  explicit TallyPlugin(Host& host) : host_(host) {}

  Status activate(const Json& settings) {
    folder_ = string_at(settings, "folder");
    if (bool_at(settings, "waits")) wait_for_gate();
    return {};
  }

  Status admit(Admission& admission) {
    if (admission.creating()) admission.defaults()["spec"]["value"] = 42;
    return {};
  }

  Status reconcile(const Request& request, Reply& reply, const Call&) {
    const std::string mark = folder_ + "/" + request.uid();
    const int file = ::open(mark.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0) {
      const int overlap = ::open((folder_ + "/overlap").c_str(), O_CREAT | O_WRONLY, 0600);
      ::close(overlap);
      return Error::internal("two calls for " + request.text() + " at the same time");
    }
    ::close(file);
    // As long as a request to something outside may take, so that an exchange meets calls.
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const Json& object = request.object();
    if (*find_at(object, "spec/value") == 42) {
      host_.events().record(object, "Normal", "Answered", "it was 42");
    }
    reply.status("value", *find_at(object, "spec/value"));
    reply.status("version", TALLY_VERSION);
    reply.status("observedGeneration", *find_at(object, "metadata/generation"));
    ::unlink(mark.c_str());
    return {};
  }

 private:
  // Until the test has seen what becomes of writes meanwhile.
  void wait_for_gate() const {
    ::close(::open((folder_ + "/activating").c_str(), O_CREAT | O_WRONLY, 0600));
    while (::access((folder_ + "/gate").c_str(), F_OK) != 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  Host& host_;
  std::string folder_;
};

}  // namespace tally

CAPSTAN_PLUGIN(tally::TallyPlugin)
