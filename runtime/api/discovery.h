// The discovery documents: which groups, versions and resources there are, in the aggregated form
// (two requests tell all) and in the legacy form.
//
// Thread safety: from any thread; documents are made once for each state of the registry.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "runtime/api/media_type.h"
#include "runtime/object/kind.h"

namespace capstan {

struct DiscoveryDocument {
  std::string content_type;
  std::string etag;
  std::shared_ptr<const std::string> body;
};

class Discovery {
 public:
  explicit Discovery(const KindRegistry& kinds) : kinds_(kinds) {}

  // `path` is "/api", "/apis", "/api/v1", "/apis/G" or "/apis/G/V". A null body where there is no
  // such group or version.
  DiscoveryDocument document(const std::string& path, DiscoveryForm form);

 private:
  std::string build(const std::string& path, DiscoveryForm form) const;

  const KindRegistry& kinds_;
  std::mutex mutex_;
  uint64_t generation_ = 0;
  std::map<std::pair<std::string, DiscoveryForm>, DiscoveryDocument> documents_;
};

}  // namespace capstan
