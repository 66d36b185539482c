// Answers requests for resources: reads from the cache, writes through the ResourceService.
//
// Thread safety: from any thread; the functions that write block until the write is stored.
#pragma once

#include "runtime/api/lister.h"
#include "runtime/api/object_encoder.h"
#include "runtime/api/resource_request.h"
#include "runtime/api/watch_source.h"

namespace capstan {

class ResourceHandler {
 public:
  ResourceHandler(ResourceService& service, const WatchLimits& limits)
      : service_(service), limits_(limits), lister_(service.cache(), service.clock()) {}

  // Whether the answer is at hand, so that the event loop may give it itself.
  bool is_quick(const ResourceRequest& request) const;
  // Answers the exchange.
  void answer(const ResourceRequest& request);

 private:
  Result<HttpResponse> respond(const ResourceRequest& request);
  Result<HttpResponse> get(const ResourceRequest& request);
  Result<HttpResponse> list(const ResourceRequest& request);
  Result<HttpResponse> create(const ResourceRequest& request);
  Result<HttpResponse> update(const ResourceRequest& request);
  Result<HttpResponse> patch(const ResourceRequest& request);
  Result<HttpResponse> remove(const ResourceRequest& request);
  Result<HttpResponse> remove_collection(const ResourceRequest& request);
  Result<void> watch(const ResourceRequest& request);

  Result<ObjectEncoder> encoder(const ResourceRequest& request);
  // The body as an object, with what is doubled in it refused or told.
  Result<Json> decode(const ResourceRequest& request, WriteOptions& options);
  Result<HttpResponse> object_response(const ResourceRequest& request, int status,
                                       const ObjectPtr& object,
                                       const std::vector<std::string>& warnings);

  ResourceService& service_;
  const WatchLimits limits_;
  Lister lister_;
};

}  // namespace capstan
