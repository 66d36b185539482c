// How a plugin's code says what failed: Expected<T> is a value or an Error, Status is success or an
// Error, Step<T> is a value, an Error, or "still under way, call again".
//
// Plain values that never cross the ABI: the thunks of plugin.h turn an Error into a status code
// and a diagnostic.
//
// Thread safety: values; as safe as T.
//
// Example:
//   Step<Instance> create(const MachineContext& machine, const BootstrapData& data) {
//     const Server server = CAPSTAN_TRY(cloud_.create_server(machine.uid(), data.value));
//     if (server.state == "building") {
//       return InProgress{"ServerBuilding", "waiting for server " + server.id, 5s};
//     }
//     return instance_of(server);
//   }
#pragma once

#include <capstan/abi.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace capstan::sdk {

using Milliseconds = std::chrono::milliseconds;

// The ABI's status codes by name.
enum class Code : capstan_status {
  kOk = CAPSTAN_OK,
  kCancelled = CAPSTAN_CANCELLED,
  kUnknown = CAPSTAN_UNKNOWN,
  kInvalid = CAPSTAN_INVALID,
  kDeadlineExceeded = CAPSTAN_DEADLINE_EXCEEDED,
  kNotFound = CAPSTAN_NOT_FOUND,
  kAlreadyExists = CAPSTAN_ALREADY_EXISTS,
  kPermissionDenied = CAPSTAN_PERMISSION_DENIED,
  kResourceExhausted = CAPSTAN_RESOURCE_EXHAUSTED,
  kFailedPrecondition = CAPSTAN_FAILED_PRECONDITION,
  kConflict = CAPSTAN_CONFLICT,
  kExpired = CAPSTAN_EXPIRED,
  kUnimplemented = CAPSTAN_UNIMPLEMENTED,
  kInternal = CAPSTAN_INTERNAL,
  kUnavailable = CAPSTAN_UNAVAILABLE,
  kDataLoss = CAPSTAN_DATA_LOSS,
  kUnauthenticated = CAPSTAN_UNAUTHENTICATED,
};

// What went wrong, for a person.
struct [[nodiscard]] Error {
  Code code = Code::kUnknown;
  std::string summary;  // one line: what happened, to what
  std::string detail;   // what was expected and what to do; may be empty
  std::string field;    // JSON pointer into the object, "" where none applies
  std::string reason;   // CamelCase reason of the condition; "" leaves it to the layer above
  std::optional<Milliseconds> retry_after;  // not before; absent: with growing delays
  bool terminal = false;                    // no retry helps until the object is changed

  static Error make(Code code, std::string summary, std::string detail = "") {
    Error error;
    error.code = code;
    error.summary = std::move(summary);
    error.detail = std::move(detail);
    return error;
  }
  static Error invalid(std::string summary, std::string field = "") {
    Error error = make(Code::kInvalid, std::move(summary));
    error.field = std::move(field);
    error.terminal = true;
    return error;
  }
  static Error not_found(std::string summary) { return make(Code::kNotFound, std::move(summary)); }
  static Error failed_precondition(std::string summary) {
    return make(Code::kFailedPrecondition, std::move(summary));
  }
  static Error unavailable(std::string summary) {
    return make(Code::kUnavailable, std::move(summary));
  }
  static Error internal(std::string summary) { return make(Code::kInternal, std::move(summary)); }
  static Error cancelled(std::string summary) { return make(Code::kCancelled, std::move(summary)); }

  // The same failure seen from further out: "context: summary".
  Error with_context(std::string_view context) && {
    summary.insert(0, std::string(context) + ": ");
    return std::move(*this);
  }
  Error with_reason(std::string name) && {
    reason = std::move(name);
    return std::move(*this);
  }
  Error with_retry_after(Milliseconds delay) && {
    retry_after = delay;
    return std::move(*this);
  }
  Error made_terminal() && {
    terminal = true;
    return std::move(*this);
  }
};

template <typename T>
class [[nodiscard]] Expected {
 public:
  Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Expected(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  Code code() const { return ok() ? Code::kOk : error().code; }

  // Precondition: ok().
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T value_or(T fallback) && { return ok() ? std::move(*this).value() : std::move(fallback); }

  // Precondition: !ok().
  Error& error() & { return std::get<1>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Expected<void> {
 public:
  Expected() = default;
  Expected(Error error) : error_(std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  Code code() const { return ok() ? Code::kOk : error_->code; }
  void value() const {}

  // Precondition: !ok().
  Error& error() & { return *error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

using Status = Expected<void>;

// A step that has begun and is not finished: the call returns and is made again after the delay, or
// earlier when the object or its relations change.
struct InProgress {
  std::string reason = {};   // CamelCase reason of the Ready condition: "ServerBuilding"
  std::string message = {};  // what is waited for
  Milliseconds requeue_after = std::chrono::seconds(5);
};

// The value of a step that has only to be finished.
struct Done {};

template <typename T>
class [[nodiscard]] Step {
 public:
  Step(T value) : state_(std::in_place_index<0>, std::move(value)) {}         // NOLINT: implicit
  Step(InProgress wait) : state_(std::in_place_index<1>, std::move(wait)) {}  // NOLINT: implicit
  Step(Error error) : state_(std::in_place_index<2>, std::move(error)) {}     // NOLINT: implicit

  bool done() const { return state_.index() == 0; }
  bool in_progress() const { return state_.index() == 1; }
  bool failed() const { return state_.index() == 2; }

  // Precondition: done().
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  // Precondition: in_progress().
  const InProgress& wait() const { return std::get<1>(state_); }
  // Precondition: failed().
  const Error& error() const& { return std::get<2>(state_); }
  Error&& error() && { return std::get<2>(std::move(state_)); }

 private:
  std::variant<T, InProgress, Error> state_;
};

}  // namespace capstan::sdk

// The value of an expression of type Expected<T>, or an early return of its error.
#define CAPSTAN_TRY(expression)                                         \
  ({                                                                    \
    auto capstan_result = (expression);                                 \
    if (!capstan_result.ok()) return std::move(capstan_result).error(); \
    std::move(capstan_result).value();                                  \
  })
