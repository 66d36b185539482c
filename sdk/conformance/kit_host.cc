#include "sdk/conformance/kit_host.h"

#include <cstdlib>
#include <memory>

#include "runtime/plugin/host_services/host_services.h"
#include "runtime/system/pki.h"
#include "sdk/include/capstan/ext/services.h"

namespace capstan::conformance {
namespace {

// Where the host's own secrets service finds the value: a variable of this case's process.
std::string put_secret(const Subject& subject, const std::string& name) {
  const auto given = subject.config.secrets.find(name);
  const std::string value = given == subject.config.secrets.end()
                                ? KitHost::canary(name)
                                : in_world(given->second, subject.world);
  const std::string variable = "CAPSTAN_CONFORMANCE_SECRET_" + name;
  ::setenv(variable.c_str(), value.c_str(), 1);
  return "env:" + variable;
}

std::unique_ptr<HostTable> services(const Subject& subject, const WatchCache& objects, Clock& clock,
                                    PluginMetrics& metrics, WorkloadClusters& workload) {
  const Manifest& manifest = subject.manifest();
  HostServicesOptions options{.plugin = manifest.name, .clock = clock};
  options.may_read = [&manifest](const GroupKind& kind) { return manifest.may_read(kind); };
  for (const std::string& name : manifest.needs.secrets) {
    options.secrets[name] = put_secret(subject, name);
  }
  options.objects = &objects;
  options.metrics = &metrics;
  options.workload = manifest.needs.workload ? &workload : nullptr;
  options.events = [](const EventRecord&) {};
  options.wake = [](const ObjectKey&) {};
  options.pki = [&clock](const Json& request) { return run_pki(request, clock.now()); };
  return std::make_unique<HostServices>(std::move(options));
}

}  // namespace

KitHost::KitHost(const Subject& subject, const WatchCache& objects, Clock& clock)
    : inner_(services(subject, objects, clock, metrics_, workload_)) {}

HostAnswer KitHost::call(const HostCall& call) {
  const size_t number = ++calls_;
  keep(call);
  if (hook_) {
    if (auto answer = hook_(number, call)) return *std::move(answer);
  }
  // What the plugin says is kept above; the kit's own output stays readable.
  if (call.service == CAPSTAN_EXT_LOG) return {};
  return inner_.call(call);
}

void KitHost::keep(const HostCall& call) {
  if (call.service != CAPSTAN_EXT_LOG && call.service != CAPSTAN_EXT_EVENTS &&
      call.service != CAPSTAN_EXT_METRICS) {
    return;
  }
  std::string text;
  for (const auto& [name, value] : call.arguments.items()) {
    if (value.is_string()) text += name + ": " + value.get_ref<const std::string&>() + " ";
  }
  const std::lock_guard lock(mutex_);
  published_.push_back(std::move(text));
}

std::vector<std::string> KitHost::published() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

std::string KitHost::canary(const std::string& name) {
  return "canary-of-" + name + "-5f3a9c";
}

}  // namespace capstan::conformance
