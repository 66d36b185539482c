#include "runtime/resource/system_metadata.h"

namespace capstan {
namespace {

constexpr const char* kKept[] = {
    "uid",        "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
    "generation", "resourceVersion"};

bool equal_but(const Json& a, const Json& b, bool ignore_status) {
  const auto counts = [&](const std::string& name) {
    return name != "metadata" && name != "apiVersion" && name != "kind" &&
           !(ignore_status && name == "status");
  };
  for (const auto& [name, value] : a.items()) {
    if (!counts(name)) continue;
    const auto other = b.find(name);
    if (other == b.end() || *other != value) return false;
  }
  for (const auto& [name, value] : b.items()) {
    if (counts(name) && !a.contains(name)) return false;
  }
  return true;
}

}  // namespace

bool has_generation(const Kind& kind) {
  return !kind.builtin || kind.id.group == "apiextensions.k8s.io" || kind.id.group == "apps" ||
         kind.id.group == "batch" || kind.id.group == "policy";
}

void set_system_metadata(const Kind& kind, Json& object, Clock& clock, Random& random) {
  Json& metadata = object["metadata"];
  for (const char* name : kKept) metadata.erase(name);
  metadata.erase("selfLink");
  metadata["uid"] = random.uuid();
  metadata["creationTimestamp"] = format_time(clock.now());
  if (has_generation(kind)) metadata["generation"] = 1;
}

void keep_system_metadata(Json& object, const Json& live) {
  Json& metadata = object["metadata"];
  const Json& kept = live.at("metadata");
  for (const char* name : kKept) {
    const auto member = kept.find(name);
    if (member == kept.end()) {
      metadata.erase(name);
    } else {
      metadata[name] = *member;
    }
  }
  metadata.erase("selfLink");
}

void advance_generation(const Kind& kind, Json& object, const Json& live) {
  if (!has_generation(kind)) return;
  if (equal_but(object, live, kind.storage_version().status_subresource)) return;
  object["metadata"]["generation"] = get_int(live, {"metadata", "generation"}) + 1;
}

void set_deletion_metadata(const Kind& kind, Json& object, Instant now) {
  Json& metadata = object["metadata"];
  metadata["deletionTimestamp"] = format_time(now);
  metadata["deletionGracePeriodSeconds"] = 0;
  if (has_generation(kind)) metadata["generation"] = get_int(metadata, {"generation"}) + 1;
}

std::string generate_name(std::string prefix, Random& random) {
  constexpr size_t kMaxPrefix = 58;
  if (prefix.size() > kMaxPrefix) prefix.resize(kMaxPrefix);
  return prefix + random.suffix();
}

}  // namespace capstan
