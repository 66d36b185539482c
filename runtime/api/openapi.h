// OpenAPI v3: the index of all groups and versions, and for each a document with the schemas of its
// kinds. Documents are made when they are asked for, and a few are kept.
//
// Thread safety: from any thread.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "runtime/api/served_kinds.h"
#include "runtime/base/json.h"
#include "runtime/store/watch_cache.h"

namespace capstan {

class OpenApi {
 public:
  // `nonce` goes into the hashes of kinds that no stored CRD describes: they may change with the
  // program. Lifetime: of the registry and the cache.
  OpenApi(const KindRegistry& kinds, const WatchCache& cache, std::string nonce)
      : kinds_(kinds), cache_(cache), nonce_(std::move(nonce)) {}

  // {"paths": {"apis/G/V": {"serverRelativeURL": "/openapi/v3/apis/G/V?hash=H"}}}
  Json index() const;

  struct Document {
    std::string hash;
    std::shared_ptr<const std::string> body;  // null where there is no such group and version
  };
  // `path` as in the index: "api/v1", "apis/cluster.x-k8s.io/v1beta2".
  Document document(const std::string& path);

 private:
  std::string hash(const std::string& path, const ServedVersion& version) const;

  const KindRegistry& kinds_;
  const WatchCache& cache_;
  const std::string nonce_;
  std::mutex mutex_;
  std::list<std::pair<std::string, Document>> recent_;  // by path, the latest first
};

}  // namespace capstan
