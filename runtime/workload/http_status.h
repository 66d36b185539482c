// What an HTTP error status of a Kubernetes API server means to us.
//
// Thread safety: pure functions.
#pragma once

#include <string_view>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"

namespace capstan {

// "HTTP status 403: nodes is forbidden": the status with the message of the Status object in the
// body, or with the beginning of any other body. 401 is kUnauthenticated, 403 kPermissionDenied,
// 404 kNotFound, 409 kConflict, 410 kExpired, 422 and 400 kInvalid, all else kUnavailable.
Error http_status_error(int status, std::string_view body);

// A Retry-After header in seconds; 0 where there is none or it is a date. At most an hour.
std::chrono::seconds parse_retry_after(std::string_view header);

}  // namespace capstan
