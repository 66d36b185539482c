// Kubernetes' Status object, as which every failure is told, and some successes.
//
// Thread safety: pure functions.
#pragma once

#include <string>

#include "runtime/api/http.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan {

// What a request was about, for Status.details.
struct StatusSubject {
  std::string group;
  std::string resource;  // plural
  std::string name;
  std::string kind;  // "Machine": what a 422 names instead of the resource
};

// The HTTP status and the reason ("NotFound") of an error.
struct StatusReason {
  int code = 500;
  const char* reason = "InternalError";
};
StatusReason status_reason(const Error& error);

Json failure_status(const Error& error, const StatusSubject& subject = {});
Json failure_status(int code, const std::string& reason, const std::string& message);
Json success_status(const StatusSubject& subject, const std::string& uid);

HttpResponse json_response(int status, const Json& body);
HttpResponse failure_response(const Error& error, const StatusSubject& subject = {});
HttpResponse failure_response(int code, const std::string& reason, const std::string& message);
HttpResponse not_found_response();  // "the server could not find the requested resource"

}  // namespace capstan
