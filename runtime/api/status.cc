#include "runtime/api/status.h"

namespace capstan {
namespace {

Json base_status(const char* outcome) {
  return {
      {"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", Json::object()}, {"status", outcome}};
}

Json causes_of(const Error& error) {
  Json causes = Json::array();
  for (const FieldError& field : error.fields) {
    Json cause = {{"reason", field.reason}, {"message", field.message}};
    if (!field.field.empty()) cause["field"] = field.field;
    causes.push_back(std::move(cause));
  }
  return causes;
}

Json details_of(const StatusSubject& subject) {
  Json details = Json::object();
  if (!subject.name.empty()) details["name"] = subject.name;
  if (!subject.group.empty()) details["group"] = subject.group;
  if (!subject.resource.empty()) details["kind"] = subject.resource;
  return details;
}

}  // namespace

StatusReason status_reason(const Error& error) {
  switch (error.code) {
    case Code::kInvalid:
      return error.fields.empty() ? StatusReason{400, "BadRequest"} : StatusReason{422, "Invalid"};
    case Code::kNotFound:
      return {404, "NotFound"};
    case Code::kAlreadyExists:
      return {409, "AlreadyExists"};
    case Code::kConflict:
      return {409, "Conflict"};
    case Code::kFailedPrecondition:
      return {409, "Conflict"};
    case Code::kPermissionDenied:
      return {403, "Forbidden"};
    case Code::kUnauthenticated:
      return {401, "Unauthorized"};
    case Code::kExpired:
      return {410, "Expired"};
    case Code::kUnimplemented:
      return {415, "UnsupportedMediaType"};
    case Code::kResourceExhausted:
      return error.retry_after ? StatusReason{429, "TooManyRequests"}
                               : StatusReason{500, "InternalError"};
    case Code::kUnavailable:
      return {503, "ServiceUnavailable"};
    case Code::kDeadlineExceeded:
      return {504, "Timeout"};
    default:
      return {500, "InternalError"};
  }
}

Json failure_status(const Error& error, const StatusSubject& subject) {
  const StatusReason reason = status_reason(error);
  Json status = base_status("Failure");
  status["message"] = error.message;
  status["reason"] = reason.reason;
  status["code"] = reason.code;
  Json details = details_of(subject);
  if (reason.code == 422 && !subject.kind.empty()) details["kind"] = subject.kind;
  if (!error.fields.empty()) details["causes"] = causes_of(error);
  if (error.retry_after) {
    details["retryAfterSeconds"] = std::max<int64_t>(1, error.retry_after->count() / 1000);
  }
  if (!details.empty()) status["details"] = std::move(details);
  return status;
}

Json failure_status(int code, const std::string& reason, const std::string& message) {
  Json status = base_status("Failure");
  status["message"] = message;
  status["reason"] = reason;
  status["code"] = code;
  return status;
}

Json success_status(const StatusSubject& subject, const std::string& uid) {
  Json status = base_status("Success");
  status["details"] = details_of(subject);
  if (!uid.empty()) status["details"]["uid"] = uid;
  return status;
}

HttpResponse json_response(int status, const Json& body) {
  HttpResponse response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = dump_json(body) + "\n";
  return response;
}

HttpResponse failure_response(const Error& error, const StatusSubject& subject) {
  HttpResponse response = json_response(status_reason(error).code, failure_status(error, subject));
  if (error.retry_after) {
    response.headers.emplace_back(
        "Retry-After", std::to_string(std::max<int64_t>(1, error.retry_after->count() / 1000)));
  }
  return response;
}

HttpResponse failure_response(int code, const std::string& reason, const std::string& message) {
  return json_response(code, failure_status(code, reason, message));
}

HttpResponse not_found_response() {
  Json status = failure_status(404, "NotFound", "the server could not find the requested resource");
  status["details"] = Json::object();
  return json_response(404, status);
}

}  // namespace capstan
