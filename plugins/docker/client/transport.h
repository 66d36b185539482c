// The port to a Docker Engine: HTTP requests and their answers. The adapter over a socket is
// engine_transport.h; tests put a pretended engine or a faulty transport here.
//
// Thread safety: send and stream from any thread.
#pragma once

#include <capstan/status.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace capstan::docker {

using sdk::Expected;
using sdk::Milliseconds;

struct EngineRequest {
  std::string method = "GET";
  std::string path = {};  // with query, percent-encoded, without the version: "/containers/json"
  std::string body = {};
  std::string content_type = "application/json";
  Milliseconds timeout = std::chrono::seconds(30);  // without a byte from the engine
};

struct EngineResponse {
  int status = 0;
  std::string body = {};
};

// Takes the next piece of a body; false ends the transfer.
using ChunkSink = std::function<bool(std::string_view)>;

class EngineTransport {
 public:
  virtual ~EngineTransport() = default;

  // Errors: kUnavailable with what to do (no engine, no answer in time), kPermissionDenied; the
  // reason of the thread's CallScope where the call was given up.
  virtual Expected<EngineResponse> send(const EngineRequest& request) = 0;
  // As send, but a body of status 2xx goes to the sink piece by piece and not into the response.
  virtual Expected<EngineResponse> stream(const EngineRequest& request, const ChunkSink& sink) = 0;
  // "unix:///var/run/docker.sock", for messages.
  virtual std::string host() const = 0;
};

}  // namespace capstan::docker
