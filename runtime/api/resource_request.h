// A request for a resource, looked up and ready to be answered.
//
// Thread safety: belongs to whoever answers it.
#pragma once

#include <string>

#include "runtime/api/authentication.h"
#include "runtime/api/http.h"
#include "runtime/api/request_target.h"
#include "runtime/api/status.h"
#include "runtime/resource/resource_service.h"

namespace capstan {

struct ResourceRequest {
  HttpExchangePtr exchange;
  RequestTarget target;
  ResourcePath path;
  ApiUser user;
  KindPtr kind;
  const KindVersion* version = nullptr;  // of *kind

  const HttpRequest& http() const { return exchange->request(); }
  ResourceRef ref() const { return {kind, version->name, path.ns, path.name}; }
  StatusSubject subject() const { return {kind->id.group, kind->plural, path.name, kind->id.kind}; }
};

// Kubernetes' verb: get, list, watch, create, update, patch, delete, deletecollection; "" where the
// method has none on this path.
std::string verb_of(const std::string& method, const ResourcePath& path,
                    const RequestTarget& target);

// fieldManager, dryRun, fieldValidation, force and the subresource, from the query.
// Errors: kInvalid with the field.
Result<WriteOptions> write_options(const ResourceRequest& request);

// Propagation, preconditions and dryRun, from the body and the query.
// Errors: kInvalid, kUnimplemented (content type).
Result<DeleteOptions> delete_options(const ResourceRequest& request);

}  // namespace capstan
