#include "runtime/base/result.h"

namespace capstan {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::kOk:
      return "ok";
    case Code::kCancelled:
      return "cancelled";
    case Code::kUnknown:
      return "unknown";
    case Code::kInvalid:
      return "invalid";
    case Code::kDeadlineExceeded:
      return "deadline-exceeded";
    case Code::kNotFound:
      return "not-found";
    case Code::kAlreadyExists:
      return "already-exists";
    case Code::kPermissionDenied:
      return "permission-denied";
    case Code::kResourceExhausted:
      return "resource-exhausted";
    case Code::kFailedPrecondition:
      return "failed-precondition";
    case Code::kConflict:
      return "conflict";
    case Code::kExpired:
      return "expired";
    case Code::kUnimplemented:
      return "unimplemented";
    case Code::kInternal:
      return "internal";
    case Code::kUnavailable:
      return "unavailable";
    case Code::kDataLoss:
      return "data-loss";
    case Code::kUnauthenticated:
      return "unauthenticated";
  }
  return "unknown";
}

Error Error::with_context(std::string_view context) && {
  message = std::string(context) + ": " + message;
  return std::move(*this);
}

}  // namespace capstan
