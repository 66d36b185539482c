// A provider that keeps all rules: a file in a folder for each Thing. Each animal of the zoo breaks
// one of them, by one override.
#pragma once

#include <capstan/plugin.h>
#include <capstan/provider.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace zoo {

using namespace capstan::sdk;

inline constexpr const char* kFinalizer = "thing.zoo.capstan.dev";

class Zoo {
 public:
  explicit Zoo(Host& host) : host_(host) {}
  virtual ~Zoo() = default;

  virtual Status activate(const Json& settings) {
    folder_ = string_at(settings, "folder");
    return {};
  }
  virtual void deactivate() {}

  virtual Status reconcile(const Request& request, Reply& reply, const Call& call) {
    if (is_paused(request, reply)) return {};
    if (request.deleting()) return remove(request, reply);
    if (!has_finalizer(request, reply)) return {};
    CAPSTAN_TRY(look(request, call));
    report(request, reply);
    return {};
  }

  Status admit(Admission& admission) {
    if (string_at(admission.object(), "spec/colour") != "refused") return {};
    return Error::invalid("this colour is refused", "/spec/colour");
  }

 protected:
  virtual bool is_paused(const Request& request, Reply& reply) {
    return detail::paused(request, reply);
  }
  virtual bool has_finalizer(const Request& request, Reply& reply) {
    return detail::finalizer_is_stored(request, reply, kFinalizer);
  }
  // Makes what is not there. The name is the object's uid, so it is found again.
  virtual Status look(const Request& request, const Call&) {
    const auto token = host_.secrets().get("token");
    if (!token.ok() && token.error().code != Code::kNotFound) return token.error();
    return make(request);
  }
  virtual Status make(const Request& request) {
    if (!folder_.empty()) std::ofstream(path(request)) << "made\n";
    return {};
  }
  virtual void report(const Request& request, Reply& reply) {
    reply.status("id", "thing-" + request.uid());
    detail::set_ready(reply, true, "Made");
  }
  virtual Status remove(const Request& request, Reply& reply) {
    if (!request.has_finalizer(kFinalizer)) return {};
    std::error_code failure;
    if (!folder_.empty()) std::filesystem::remove(path(request), failure);
    reply.remove_finalizer(kFinalizer);
    return {};
  }

  std::string path(const Request& request) const { return folder_ + "/" + request.uid(); }

  Host& host_;
  std::string folder_;
};

}  // namespace zoo
