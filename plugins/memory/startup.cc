#include "plugins/memory/startup.h"

#include <charconv>
#include <string>

#include "runtime/base/text.h"
#include "runtime/object/duration_text.h"

namespace capstan::memory {
namespace {

Error field_error(const char* part, const char* field, std::string message) {
  const std::string path = std::string("spec.backend.inMemory.") + part + ".provisioning." + field;
  Error error = Error::invalid(path + ": " + message);
  error.fields.push_back({path, "FieldValueInvalid", std::move(message)});
  return error;
}

Result<double> jitter_of(const Json& provisioning, const char* part) {
  const Json* jitter = find(provisioning, {"startupJitter"});
  if (jitter == nullptr || jitter->is_null()) return 0.0;
  if (jitter->is_number()) return jitter->get<double>();
  const std::string text = jitter->is_string() ? jitter->get<std::string>() : "";
  if (text.empty()) return 0.0;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= 100)) {
    return field_error(part, "startupJitter",
                       "\"" + text + "\" is no fraction; write for example \"0.2\"");
  }
  return value;
}

Result<Duration> delay_of(const Json& backend, const char* part, std::string_view uid) {
  const Json* provisioning = find(backend, {part, "provisioning"});
  if (provisioning == nullptr) return Duration::zero();
  const std::string text = get_string(*provisioning, {"startupDuration"}, "0s");
  const Result<Duration> duration = parse_duration(text);
  if (!duration.ok() || *duration < Duration::zero()) {
    return field_error(part, "startupDuration",
                       "\"" + text + "\" is no duration; write for example \"10s\"");
  }
  const double jitter = TRY(jitter_of(*provisioning, part));
  const uint64_t hash = fnv1a(std::string(uid) + "/" + part);
  const double fraction = static_cast<double>(hash >> 11) / static_cast<double>(1ULL << 53);
  const double nanos = static_cast<double>(duration->count()) * (1 + jitter * fraction);
  return Duration(static_cast<int64_t>(std::min(nanos, 3.15e17)));  // ten years
}

}  // namespace

Result<Startup> plan_startup(const Json& backend, std::string_view uid, Instant begin) {
  Startup startup;
  startup.vm = begin + TRY(delay_of(backend, "vm", uid));
  startup.node = startup.vm + TRY(delay_of(backend, "node", uid));
  startup.etcd = startup.node + TRY(delay_of(backend, "etcd", uid));
  startup.api_server = startup.etcd + TRY(delay_of(backend, "apiServer", uid));
  return startup;
}

}  // namespace capstan::memory
