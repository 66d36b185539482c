#include "plugins/docker/machine/node_image.h"

#include <algorithm>

#include "plugins/docker/client/images.h"

namespace capstan::docker {
namespace {

// Build metadata begins with '+', which a tag cannot have.
std::string as_tag(std::string version) {
  std::replace(version.begin(), version.end(), '+', '_');
  return version;
}

std::string with_version(std::string text, const std::string& tag) {
  constexpr std::string_view kPlaceholder = "{version}";
  for (size_t at = 0; (at = text.find(kPlaceholder, at)) != std::string::npos; at += tag.size()) {
    text.replace(at, kPlaceholder.size(), tag);
  }
  return text;
}

}  // namespace

sdk::Expected<std::string> node_image(Engine& engine, const Settings& settings,
                                      const std::string& custom_image, const std::string& version) {
  if (!custom_image.empty()) return custom_image;
  if (version.empty()) {
    return Error::invalid(
        "the Machine has no spec.version and this machine no customImage: set one",
        "/spec/customImage");
  }
  const std::string tag = as_tag(version);
  if (!settings.node_image.empty()) return with_version(settings.node_image, tag);
  for (const char* repository : {"kindest/node:", "capstan/node:"}) {
    if (CAPSTAN_TRY(has_image(engine, repository + tag))) return repository + tag;
  }
  return "kindest/node:" + tag;
}

}  // namespace capstan::docker
