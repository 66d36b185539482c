// How failures travel inside Capstan: a Result<T> is a value or an Error; Result<void> is success
// or an Error. No exception crosses a component; an adapter that wraps a throwing library turns
// what it catches into an Error.
//
// Thread safety: values; as safe as T.
//
// Example:
//   Result<Config> load(const std::string& path) {
//     const std::string text = TRY(read_file(path));
//     if (text.empty()) return Error::invalid(path + " is empty; write at least `plugins: []`");
//     return parse_config(text);
//   }
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace capstan {

// The classes of failure. The numbers are gRPC's, frozen, and the ABI's status codes are the same.
enum class Code : int {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalid = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kConflict = 10,  // optimistic concurrency lost: read again and retry
  kExpired = 11,   // the revision asked for is no longer kept
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,  // try again later
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// "invalid", "not-found", ... for logs and command lines.
std::string_view code_name(Code code);

// One thing that is wrong with one field of an object.
struct FieldError {
  std::string field;   // "spec.replicas", "spec.containers[0].name"; "" for the whole object
  std::string reason;  // Kubernetes' cause: FieldValueInvalid, FieldValueRequired, ...
  std::string message;
};

// What went wrong, for a person: the object, what was expected and what to do next.
struct [[nodiscard]] Error {
  Code code = Code::kUnknown;
  std::string message;
  std::vector<FieldError> fields;
  std::optional<std::chrono::milliseconds> retry_after;

  static Error invalid(std::string message) { return {Code::kInvalid, std::move(message), {}, {}}; }
  static Error not_found(std::string message) {
    return {Code::kNotFound, std::move(message), {}, {}};
  }
  static Error already_exists(std::string message) {
    return {Code::kAlreadyExists, std::move(message), {}, {}};
  }
  static Error conflict(std::string message) {
    return {Code::kConflict, std::move(message), {}, {}};
  }
  static Error failed_precondition(std::string message) {
    return {Code::kFailedPrecondition, std::move(message), {}, {}};
  }
  static Error unavailable(std::string message) {
    return {Code::kUnavailable, std::move(message), {}, {}};
  }
  static Error internal(std::string message) {
    return {Code::kInternal, std::move(message), {}, {}};
  }

  // The same failure seen from further out: "context: message".
  Error with_context(std::string_view context) &&;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

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
  Code code() const { return ok() ? Code::kOk : error().code; }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  void value() const {}

  // Precondition: !ok().
  Error& error() & { return *error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }
  Code code() const { return ok() ? Code::kOk : error_->code; }

 private:
  std::optional<Error> error_;
};

}  // namespace capstan

// The value of an expression of type Result<T>, or an early return of its error.
#define TRY(expression)                                         \
  ({                                                            \
    auto try_result = (expression);                             \
    if (!try_result.ok()) return std::move(try_result).error(); \
    std::move(try_result).value();                              \
  })
