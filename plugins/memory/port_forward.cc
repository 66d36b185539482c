#include "plugins/memory/port_forward.h"

#include "runtime/base/text.h"

namespace capstan::memory {
namespace {

constexpr std::string_view kSubprotocol = "v4.channel.k8s.io";
constexpr char kDataChannel = 0;
constexpr char kErrorChannel = 1;

bool offers(std::string_view protocols, std::string_view wanted) {
  for (const std::string& protocol : split(protocols, ',')) {
    if (trim(protocol) == wanted) return true;
  }
  return false;
}

std::string on_channel(char channel, std::string_view bytes) {
  return server_frame(WebsocketOpcode::kBinary, std::string(1, channel).append(bytes));
}

class Refusal final : public PortTunnel {
 public:
  explicit Refusal(std::string_view reason) : PortTunnel(0) {
    fail(reason);
    end();
  }

 private:
  void data(std::string_view) override {}
};

}  // namespace

Result<HttpResponse> accept_port_forward(const HttpRequest& request) {
  const std::string_view key = request.header("sec-websocket-key");
  if (to_lower(request.header("upgrade")) != "websocket" || key.empty() ||
      !offers(request.header("sec-websocket-protocol"), kSubprotocol)) {
    return Error::invalid("port-forward of a pretended pod speaks WebSocket with subprotocol " +
                          std::string(kSubprotocol) + " only");
  }
  HttpResponse head;
  head.status = 101;
  head.headers = {{"Upgrade", "websocket"},
                  {"Sec-WebSocket-Accept", websocket_accept(key)},
                  {"Sec-WebSocket-Protocol", std::string(kSubprotocol)}};
  return head;
}

std::shared_ptr<HttpTunnel> refuse_port_forward(std::string reason) {
  return std::make_shared<Refusal>(reason);
}

PortTunnel::PortTunnel(int port) {
  const char number[] = {static_cast<char>(port & 0xff), static_cast<char>(port >> 8 & 0xff)};
  outgoing_ = on_channel(kDataChannel, {number, 2}) + on_channel(kErrorChannel, {number, 2});
}

HttpBodySource::State PortTunnel::read(std::string& out) {
  out += std::exchange(outgoing_, {});
  return ended_ ? State::kEnd : State::kOpen;
}

void PortTunnel::received(std::string_view bytes) {
  if (ended_) return;
  frames_.put(bytes);
  while (!ended_) {
    auto message = frames_.next();
    if (!message.ok()) return end();
    if (!message->has_value()) return;
    take(**message);
  }
}

void PortTunnel::take(const WebsocketMessage& message) {
  if (message.opcode == WebsocketOpcode::kClose) return end();
  if (message.opcode == WebsocketOpcode::kPing) {
    outgoing_ += server_frame(WebsocketOpcode::kPong, message.payload);
    if (wake_) wake_();
  } else if (message.opcode == WebsocketOpcode::kBinary && message.payload.size() > 1 &&
             message.payload[0] == kDataChannel) {
    data(std::string_view(message.payload).substr(1));
  }
}

void PortTunnel::send(std::string_view bytes) {
  if (bytes.empty() || ended_) return;
  outgoing_ += on_channel(kDataChannel, bytes);
  if (wake_) wake_();
}

void PortTunnel::fail(std::string_view reason) {
  outgoing_ += on_channel(kErrorChannel, reason);
  if (wake_) wake_();
}

void PortTunnel::end() {
  if (std::exchange(ended_, true)) return;
  outgoing_ += server_frame(WebsocketOpcode::kClose, std::string("\x03\xe8", 2));  // 1000
  if (wake_) wake_();
}

}  // namespace capstan::memory
