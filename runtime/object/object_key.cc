#include "runtime/object/object_key.h"

namespace capstan {

std::string ObjectKey::text() const {
  return kind.text() + " " + (ns.empty() ? name : ns + "/" + name);
}

GroupVersion GroupVersion::parse(std::string_view api_version) {
  const size_t slash = api_version.find('/');
  if (slash == std::string_view::npos) return {"", std::string(api_version)};
  return {std::string(api_version.substr(0, slash)), std::string(api_version.substr(slash + 1))};
}

}  // namespace capstan

namespace {
size_t mix(size_t seed, const std::string& text) {
  return seed * 1099511628211ULL ^ std::hash<std::string>()(text);
}
}  // namespace

size_t std::hash<capstan::GroupKind>::operator()(const capstan::GroupKind& kind) const noexcept {
  return mix(mix(14695981039346656037ULL, kind.group), kind.kind);
}

size_t std::hash<capstan::ObjectKey>::operator()(const capstan::ObjectKey& key) const noexcept {
  return mix(mix(std::hash<capstan::GroupKind>()(key.kind), key.ns), key.name);
}
