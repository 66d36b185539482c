#include "runtime/api/served_kinds.h"

#include <algorithm>
#include <charconv>
#include <tuple>

namespace capstan {
namespace {

// Stability (2 general, 1 beta, 0 alpha, -1 no Kubernetes version), major, minor.
std::tuple<int, int, int> version_rank(std::string_view text) {
  const char* at = text.data();
  const char* end = at + text.size();
  int major = 0;
  if (text.empty() || *at != 'v') return {-1, 0, 0};
  auto parsed = std::from_chars(at + 1, end, major);
  if (parsed.ec != std::errc()) return {-1, 0, 0};
  if (parsed.ptr == end) return {2, major, 0};
  const std::string_view rest(parsed.ptr, static_cast<size_t>(end - parsed.ptr));
  const int stability = rest.starts_with("beta") ? 1 : rest.starts_with("alpha") ? 0 : -1;
  if (stability < 0) return {-1, 0, 0};
  int minor = 0;
  parsed = std::from_chars(parsed.ptr + (stability == 1 ? 4 : 5), end, minor);
  if (parsed.ec != std::errc() || parsed.ptr != end) return {-1, 0, 0};
  return {stability, major, minor};
}

ServedGroup& group_of(std::vector<ServedGroup>& groups, const std::string& name) {
  for (ServedGroup& group : groups) {
    if (group.name == name) return group;
  }
  groups.push_back({name, {}});
  return groups.back();
}

ServedVersion& version_of(ServedGroup& group, const std::string& name) {
  for (ServedVersion& version : group.versions) {
    if (version.version == name) return version;
  }
  group.versions.push_back({name, {}});
  return group.versions.back();
}

bool is_own_group(const ServedGroup& group) {
  for (const ServedVersion& version : group.versions) {
    for (const ServedKind& served : version.kinds) {
      if (!served.kind->builtin) return false;
    }
  }
  return true;
}

}  // namespace

bool version_precedes(std::string_view a, std::string_view b) {
  const auto rank_a = version_rank(a);
  const auto rank_b = version_rank(b);
  return rank_a != rank_b ? rank_a > rank_b : a < b;
}

std::vector<ServedGroup> served_groups(const KindRegistry& kinds) {
  std::vector<ServedGroup> groups;
  for (const KindPtr& kind : kinds.all()) {
    for (const KindVersion& version : kind->versions) {
      if (!version.served) continue;
      version_of(group_of(groups, kind->id.group), version.name).kinds.push_back({kind, &version});
    }
  }
  version_of(group_of(groups, "authentication.k8s.io"), "v1");
  version_of(group_of(groups, "authorization.k8s.io"), "v1");
  for (ServedGroup& group : groups) {
    std::sort(group.versions.begin(), group.versions.end(),
              [](const ServedVersion& a, const ServedVersion& b) {
                return version_precedes(a.version, b.version);
              });
  }
  std::stable_sort(groups.begin(), groups.end(), [](const ServedGroup& a, const ServedGroup& b) {
    const bool own_a = is_own_group(a);
    const bool own_b = is_own_group(b);
    return std::tuple(!a.name.empty(), !own_a, a.name) <
           std::tuple(!b.name.empty(), !own_b, b.name);
  });
  return groups;
}

}  // namespace capstan
