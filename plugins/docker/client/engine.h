// The Docker Engine's API: version, addressing and errors; the calls themselves are in
// containers.h, images.h and networks.h. (https://docs.docker.com/reference/api/engine/)
//
// Thread safety: all members from any thread. Lifetime: the transport outlives it.
#pragma once

#include <capstan/json.h>

#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "plugins/docker/client/transport.h"

namespace capstan::docker {

using sdk::Error;
using sdk::Json;
using sdk::Status;

class Engine {
 public:
  explicit Engine(EngineTransport& transport) : transport_(transport) {}

  // A request below the negotiated version's path; anything but 2xx and 304 is an Error that says
  // `what` was tried: "creating container c-1".
  Expected<EngineResponse> call(EngineRequest request, std::string_view what);
  // The same with the answer read as JSON.
  Expected<Json> call_json(EngineRequest request, std::string_view what);
  Expected<EngineResponse> stream(EngineRequest request, std::string_view what,
                                  const ChunkSink& sink);

  std::string host() const { return transport_.host(); }

 private:
  Expected<std::string> version_prefix();
  Expected<EngineResponse> checked(Expected<EngineResponse> response, std::string_view what);

  EngineTransport& transport_;
  std::mutex mutex_;
  std::string prefix_;  // "/v1.41"; empty until negotiated
};

// "?name=value&..." with both percent-encoded; "" without parameters.
std::string query(std::initializer_list<std::pair<std::string_view, std::string_view>> parameters);
std::string percent_encoded(std::string_view text);

// The engine's refusal as an error: `status` is HTTP's, `body` the engine's {"message": ...}.
Error engine_error(int status, std::string_view body, std::string_view what,
                   const std::string& host);

}  // namespace capstan::docker
