// A transport that loses one request or one answer, before another one.
//
// Thread safety: one thread.
#pragma once

#include <string>

#include "plugins/docker/client/transport.h"

namespace capstan::docker {

class FaultyTransport : public EngineTransport {
 public:
  enum class Fault { kNone, kRequestLost, kAnswerLost };

  FaultyTransport(EngineTransport& inner, Fault fault, int at)
      : inner_(inner), fault_(fault), at_(at) {}

  int requests = 0;
  bool struck = false;
  std::string struck_path;

  Expected<EngineResponse> send(const EngineRequest& request) override {
    return pass(request, [&] { return inner_.send(request); });
  }
  Expected<EngineResponse> stream(const EngineRequest& request, const ChunkSink& sink) override {
    return pass(request, [&] { return inner_.stream(request, sink); });
  }
  std::string host() const override { return inner_.host(); }

 private:
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
};

}  // namespace capstan::docker
