// The server's side of a pod's port-forward over a WebSocket, subprotocol v4.channel.k8s.io: the
// first byte of a message is the channel, 0 for data and 1 for errors; the first message of each
// channel holds the port, little-endian.
// Source: k8s.io/kubelet/pkg/cri/streaming/portforward/websocket.go (v0.34).
//
// Thread safety: tunnels belong to the event loop.
#pragma once

#include <memory>
#include <string>

#include "plugins/memory/server_websocket.h"
#include "runtime/api/http.h"

namespace capstan::memory {

// The head that accepts the request. Errors: kInvalid where it asks for another protocol.
Result<HttpResponse> accept_port_forward(const HttpRequest& request);

// Tells on the error channel why the port cannot be reached, and ends.
std::shared_ptr<HttpTunnel> refuse_port_forward(std::string reason);

// Data in both directions; what a port does with them is the subclass's.
class PortTunnel : public HttpTunnel {
 public:
  explicit PortTunnel(int port);
  void open(std::function<void()> wake) override { wake_ = std::move(wake); }
  State read(std::string& out) override;
  void drain() override { end(); }
  void received(std::string_view bytes) override;

 protected:
  // The client sent this to the port.
  virtual void data(std::string_view bytes) = 0;
  void send(std::string_view bytes);
  void fail(std::string_view reason);
  void end();

 private:
  void take(const WebsocketMessage& message);

  std::function<void()> wake_;
  ClientFrames frames_;
  std::string outgoing_;
  bool ended_ = false;
};

}  // namespace capstan::memory
