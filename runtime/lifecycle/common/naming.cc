#include "runtime/lifecycle/common/naming.h"

#include "runtime/base/text.h"

namespace capstan::lifecycle {
namespace {

constexpr size_t kMaxName = 63;
constexpr size_t kMaxStem = 58;

}  // namespace

Result<std::string> render_name(const std::string& pattern,
                                const std::map<std::string, std::string>& values, Random& random) {
  const std::string suffix = random.suffix();
  std::string name;
  size_t at = 0;
  while (at < pattern.size()) {
    const size_t open = pattern.find("{{", at);
    name += pattern.substr(at, open == std::string::npos ? open : open - at);
    if (open == std::string::npos) break;
    const size_t close = pattern.find("}}", open);
    if (close == std::string::npos) {
      return Error::invalid("naming template \"" + pattern + "\": \"{{\" without \"}}\"");
    }
    std::string field(trim(std::string_view(pattern).substr(open + 2, close - open - 2)));
    if (field.starts_with(".")) field.erase(0, 1);
    const auto value = values.find(field);
    if (field != "random" && value == values.end()) {
      return Error::invalid("naming template \"" + pattern + "\": ." + field +
                            " is not known; use .random, .cluster.name or the owner's name");
    }
    name += field == "random" ? suffix : value->second;
    at = close + 2;
  }
  if (name.size() > kMaxName) name = name.substr(0, kMaxStem) + suffix;
  return name;
}

std::string label_value(const std::string& name) {
  if (name.size() <= kMaxName) return name;
  const uint64_t hash = fnv1a(name);
  return "hash-" + std::to_string(hash) + "-z";
}

}  // namespace capstan::lifecycle
