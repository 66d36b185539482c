// A transport that loses one request or one answer, or an answer to what the engine still works on,
// before another one.
//
// Thread safety: one thread.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "plugins/docker/client/transport.h"

namespace capstan::docker {

class FaultyTransport : public EngineTransport {
 public:
  enum class Fault {
    kNone,
    kRequestLost,
    kAnswerLost,
    // The answer is lost while the engine makes a container, which it ends some requests later;
    // until then the name is taken and nothing is seen of it. Only such requests are counted.
    kLate
  };

  FaultyTransport(EngineTransport& inner, Fault fault, int at)
      : inner_(inner), fault_(fault), at_(at) {}

  int requests = 0;
  bool struck = false;
  std::string struck_path;

  Expected<EngineResponse> send(const EngineRequest& request) override {
    if (fault_ == Fault::kLate) return late(request);
    return pass(request, [&] { return inner_.send(request); });
  }
  Expected<EngineResponse> stream(const EngineRequest& request, const ChunkSink& sink) override {
    return pass(request, [&] { return inner_.stream(request, sink); });
  }
  std::string host() const override { return inner_.host(); }

  // Whether the engine still works on the late request.
  bool pending() const { return held_.has_value(); }
  void finish() {
    if (const auto request = std::exchange(held_, std::nullopt)) (void)inner_.send(*request);
  }

 private:
  static constexpr int kLateness = 12;  // requests

  Expected<EngineResponse> late(const EngineRequest& request) {
    if (held_ && --left_ == 0) finish();
    if (request.path.find("/containers/create?") == std::string::npos) return inner_.send(request);
    if (held_ && held_->path == request.path) {
      return EngineResponse{409, R"({"message":"Conflict. The container name is in use"})"};
    }
    if (struck || ++requests != at_) return inner_.send(request);
    struck = true;
    struck_path = request.method + " " + request.path;
    held_ = request;
    left_ = kLateness;
    return sdk::Error::unavailable("a fault of the test: no answer yet");
  }

  template <typename Exchange>
  Expected<EngineResponse> pass(const EngineRequest& request, Exchange exchange) {
    if (++requests != at_ || fault_ == Fault::kNone) return exchange();
    struck = true;
    struck_path = request.method + " " + request.path;
    if (fault_ == Fault::kAnswerLost) (void)exchange();
    return sdk::Error::unavailable("a fault of the test: no answer");
  }

  EngineTransport& inner_;
  const Fault fault_;
  const int at_;
  std::optional<EngineRequest> held_;
  int left_ = 0;
};

}  // namespace capstan::docker
