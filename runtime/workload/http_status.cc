#include "runtime/workload/http_status.h"

#include <algorithm>
#include <charconv>

#include "runtime/base/json.h"
#include "runtime/base/text.h"

namespace capstan {
namespace {

Code code_of(int status) {
  switch (status) {
    case 400:
    case 422:
      return Code::kInvalid;
    case 401:
      return Code::kUnauthenticated;
    case 403:
      return Code::kPermissionDenied;
    case 404:
      return Code::kNotFound;
    case 409:
      return Code::kConflict;
    case 410:
      return Code::kExpired;
    default:
      return Code::kUnavailable;
  }
}

std::string message_of(std::string_view body) {
  if (const auto status = parse_json(body); status.ok()) {
    const std::string message = get_string(*status, {"message"});
    if (!message.empty()) return message;
  }
  return std::string(trim(body.substr(0, 200)));
}

}  // namespace

Error http_status_error(int status, std::string_view body) {
  const std::string message = message_of(body);
  return {code_of(status),
          "HTTP status " + std::to_string(status) + (message.empty() ? "" : ": " + message),
          {},
          {}};
}

std::chrono::seconds parse_retry_after(std::string_view header) {
  int seconds = 0;
  const auto [end, failure] =
      std::from_chars(header.data(), header.data() + header.size(), seconds);
  if (failure != std::errc() || end != header.data() + header.size()) return {};
  return std::chrono::seconds(std::clamp(seconds, 0, 3600));
}

}  // namespace capstan
