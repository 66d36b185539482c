#include "plugins/docker/client/engine.h"

#include <charconv>
#include <tuple>

namespace capstan::docker {
namespace {

using sdk::Code;
using sdk::parse_json;
using sdk::string_at;

struct ApiVersion {
  int major = 0;
  int minor = 0;
  auto operator<=>(const ApiVersion&) const = default;
  std::string text() const { return std::to_string(major) + "." + std::to_string(minor); }
};

// What the calls were written against; cgroup namespaces came with it.
constexpr ApiVersion kWanted{1, 41};

ApiVersion parse_version(std::string_view text) {
  ApiVersion version;
  const char* end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.major);
  if (major.ptr != end) std::from_chars(major.ptr + 1, end, version.minor);
  return version;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~' || c == '/' || c == ':';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

std::string query(std::initializer_list<std::pair<std::string_view, std::string_view>> parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    out += out.empty() ? '?' : '&';
    out += percent_encoded(name) + "=" + percent_encoded(value);
  }
  return out;
}

Error engine_error(int status, std::string_view body, std::string_view what,
                   const std::string& host) {
  const auto parsed = parse_json(body);
  std::string message = parsed.ok() ? string_at(*parsed, "message") : std::string(body);
  if (message.empty()) message = "HTTP status " + std::to_string(status);
  const std::string summary = std::string(what) + ": " + message;
  if (contains(message, "no space left on device")) {
    return Error::make(
               Code::kResourceExhausted, summary,
               "Free space on the disk of the Docker Engine at " + host + ": docker system prune.")
        .with_reason("NoSpace");
  }
  switch (status) {
    case 400:
      return Error::make(Code::kInvalid, summary);
    case 401:
    case 403:
      return Error::make(Code::kPermissionDenied, summary);
    case 404:
      return Error::make(Code::kNotFound, summary);
    case 409:
      return Error::make(Code::kConflict, summary);
    default:
      return Error::make(Code::kUnavailable, summary);
  }
}

Expected<std::string> Engine::version_prefix() {
  {
    const std::lock_guard lock(mutex_);
    if (!prefix_.empty()) return prefix_;
  }
  const auto answer = CAPSTAN_TRY(
      checked(transport_.send({.path = "/version", .timeout = std::chrono::seconds(10)}),
              "asking for the engine's version"));
  const Json version = CAPSTAN_TRY(parse_json(answer.body));
  const ApiVersion newest = parse_version(string_at(version, "ApiVersion"));
  const ApiVersion oldest = parse_version(string_at(version, "MinAPIVersion", "1.12"));
  if (newest < kWanted) {
    return Error::make(Code::kUnimplemented,
                       "the engine at " + host() + " speaks API " + newest.text() + ", too old",
                       "Docker Engine 20.10 (API " + kWanted.text() + ") or newer is needed.")
        .with_reason("EngineTooOld");
  }
  const ApiVersion chosen = std::max(kWanted, oldest);
  const std::lock_guard lock(mutex_);
  return prefix_ = "/v" + chosen.text();
}

Expected<EngineResponse> Engine::checked(Expected<EngineResponse> response, std::string_view what) {
  if (!response.ok()) {
    // Maybe it is being upgraded: its versions are asked for again.
    const std::lock_guard lock(mutex_);
    prefix_.clear();
    return std::move(response).error().with_context(what);
  }
  if ((response->status >= 200 && response->status < 300) || response->status == 304) {
    return response;
  }
  return engine_error(response->status, response->body, what, host());
}

Expected<EngineResponse> Engine::call(EngineRequest request, std::string_view what) {
  request.path.insert(0, CAPSTAN_TRY(version_prefix()));
  return checked(transport_.send(request), what);
}

Expected<EngineResponse> Engine::stream(EngineRequest request, std::string_view what,
                                        const ChunkSink& sink) {
  request.path.insert(0, CAPSTAN_TRY(version_prefix()));
  return checked(transport_.stream(request, sink), what);
}

Expected<Json> Engine::call_json(EngineRequest request, std::string_view what) {
  const EngineResponse answer = CAPSTAN_TRY(call(std::move(request), what));
  auto parsed = parse_json(answer.body);
  if (!parsed.ok()) return std::move(parsed).error().with_context(what);
  return parsed;
}

}  // namespace capstan::docker
