#include "runtime/workload/pod_tunnel.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "runtime/base/text.h"
#include "runtime/workload/connection_pool.h"
#include "runtime/workload/http_reader.h"
#include "runtime/workload/http_status.h"
#include "runtime/workload/memory_tls.h"
#include "runtime/workload/tls_stream.h"
#include "runtime/workload/websocket.h"

namespace capstan {
namespace {

constexpr size_t kReadSize = 16 * 1024;
constexpr size_t kLargestBody = 16 << 20;
constexpr char kDataChannel = 0;
constexpr char kErrorChannel = 1;
constexpr std::string_view kSubprotocol = "v4.channel.k8s.io";

bool is_name(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string_view::npos;
}

// The connection to the port, once it is open: bytes in and out.
class Tunnel {
 public:
  Tunnel(TlsStream& stream, Random& random) : stream_(stream), random_(random) {}

  net::awaitable<Result<void>> open(const ClusterAccess& access, const PodRequest& request);
  net::awaitable<Result<void>> write(std::string_view bytes);
  // The next bytes of the data channel; none where the other side ended it.
  net::awaitable<Result<std::string>> read();

 private:
  net::awaitable<Result<void>> receive();
  net::awaitable<Result<void>> send(WebsocketOpcode opcode, std::string payload);
  Result<std::string> take(const WebsocketMessage& message);
  std::string upgrade_request(const ClusterAccess& access, const PodRequest& request,
                              const std::string& key) const;

  TlsStream& stream_;
  Random& random_;
  WebsocketReader reader_;
  bool seen_port_[2] = {false, false};  // per channel
  bool ended_ = false;
};

std::string Tunnel::upgrade_request(const ClusterAccess& access, const PodRequest& request,
                                    const std::string& key) const {
  std::string text = "GET " + access.address.base_path + "/api/v1/namespaces/" + request.ns +
                     "/pods/" + request.pod + "/portforward?ports=" + std::to_string(request.port) +
                     " HTTP/1.1\r\nHost: " + access.address.authority() +
                     "\r\nUser-Agent: capstan\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                     "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
                     key + "\r\nSec-WebSocket-Protocol: " + std::string(kSubprotocol) + "\r\n";
  if (!access.token.empty()) text += "Authorization: Bearer " + access.token + "\r\n";
  return text + "\r\n";
}

net::awaitable<Result<void>> Tunnel::open(const ClusterAccess& access, const PodRequest& request) {
  std::string nonce;
  for (int i = 0; i < 2; ++i) {
    const uint64_t number = random_.next();
    nonce.append(reinterpret_cast<const char*>(&number), sizeof number);
  }
  const std::string key = base64_encode(nonce);
  const std::string upgrade = upgrade_request(access, request, key);
  const Result<void> sent = co_await stream_.write(upgrade);
  if (!sent.ok()) co_return sent;
  std::string body;
  HttpReader reader([&](std::string_view part) {
    body += part.substr(0, kReadSize - std::min(body.size(), kReadSize));
  });
  while (!reader.done()) {
    auto bytes = co_await stream_.read_available(kReadSize);
    if (!bytes.ok()) co_return std::move(bytes).error();
    const Result<void> put = bytes->empty() ? reader.end() : reader.put(*bytes);
    if (!put.ok()) co_return put;
    if (bytes->empty()) break;
  }
  if (reader.status() != 101) {
    co_return http_status_error(reader.status(), body).with_context("port-forward");
  }
  if (reader.header("sec-websocket-accept") != websocket_accept(key) ||
      reader.header("sec-websocket-protocol") != kSubprotocol) {
    co_return Error::unavailable("port-forward: the server does not speak " +
                                 std::string(kSubprotocol));
  }
  reader_.put(reader.rest());
  co_return Result<void>();
}

net::awaitable<Result<void>> Tunnel::send(WebsocketOpcode opcode, std::string payload) {
  const std::string frame = websocket_frame(opcode, payload, static_cast<uint32_t>(random_.next()));
  co_return co_await stream_.write(frame);
}

net::awaitable<Result<void>> Tunnel::write(std::string_view bytes) {
  std::string payload(1, kDataChannel);
  payload += bytes;
  co_return co_await send(WebsocketOpcode::kBinary, std::move(payload));
}

// More bytes of the connection into reader_.
net::awaitable<Result<void>> Tunnel::receive() {
  auto bytes = co_await stream_.read_available(kReadSize);
  if (!bytes.ok()) co_return std::move(bytes).error();
  if (bytes->empty()) ended_ = true;
  reader_.put(*bytes);
  co_return Result<void>();
}

// The data in a message; none where it is about something else.
Result<std::string> Tunnel::take(const WebsocketMessage& message) {
  if (message.opcode == WebsocketOpcode::kClose) ended_ = true;
  if (message.opcode != WebsocketOpcode::kBinary || message.payload.empty()) return std::string();
  const char channel = message.payload[0];
  if (channel != kDataChannel && channel != kErrorChannel) return std::string();
  std::string payload = message.payload.substr(1);
  if (!std::exchange(seen_port_[static_cast<size_t>(channel)], true)) {
    payload.erase(0, 2);  // the port
  }
  if (channel == kDataChannel || payload.empty()) return payload;
  return Error::unavailable("port-forward: " + payload);
}

net::awaitable<Result<std::string>> Tunnel::read() {
  while (!ended_) {
    Result<std::optional<WebsocketMessage>> message = reader_.next();
    if (!message.ok()) co_return std::move(message).error();
    if (!message->has_value()) {
      Result<void> received = co_await receive();
      if (!received.ok()) co_return std::move(received).error();
      continue;
    }
    if ((*message)->opcode == WebsocketOpcode::kPing) {
      Result<void> answered = co_await send(WebsocketOpcode::kPong, (*message)->payload);
      if (!answered.ok()) co_return std::move(answered).error();
    }
    Result<std::string> data = take(**message);
    if (!data.ok() || !data->empty()) co_return data;
  }
  co_return std::string();
}

std::string request_text(const PodRequest& request) {
  const WorkloadRequest& inner = request.request;
  std::string text =
      inner.method + " " + inner.path +
      " HTTP/1.1\r\nHost: " + (request.server_name.empty() ? "localhost" : request.server_name) +
      "\r\nConnection: close\r\nContent-Length: " + std::to_string(inner.body.size()) + "\r\n";
  if (!inner.body.empty()) text += "Content-Type: " + inner.content_type + "\r\n";
  return text + "\r\n" + inner.body;
}

// Sends what TLS has to send, then gives it what comes next.
net::awaitable<Result<void>> pump(Tunnel& tunnel, MemoryTls& tls) {
  const std::string sealed = tls.take();
  if (!sealed.empty()) {
    const Result<void> sent = co_await tunnel.write(sealed);
    if (!sent.ok()) co_return sent;
  }
  auto bytes = co_await tunnel.read();
  if (!bytes.ok()) co_return std::move(bytes).error();
  if (bytes->empty()) co_return Error::unavailable("port-forward: the pod's port closed");
  tls.put(*bytes);
  co_return Result<void>();
}

net::awaitable<Result<WorkloadResponse>> exchange(Tunnel& tunnel, MemoryTls& tls,
                                                  const PodRequest& request) {
  for (;;) {
    Result<bool> ready = tls.handshake();
    if (!ready.ok()) co_return std::move(ready).error();
    if (*ready) break;
    Result<void> pumped = co_await pump(tunnel, tls);
    if (!pumped.ok()) co_return std::move(pumped).error();
  }
  Result<void> written = tls.write(request_text(request));
  if (!written.ok()) co_return std::move(written).error();
  WorkloadResponse response;
  if (request.want_peer_certificate) response.peer_certificate_pem = tls.peer_certificate();
  HttpReader reader([&](std::string_view part) { response.body += part; });
  while (!reader.done()) {
    Result<void> pumped = co_await pump(tunnel, tls);
    if (!pumped.ok()) co_return std::move(pumped).error();
    Result<std::string> text = tls.read();
    if (!text.ok()) co_return std::move(text).error();
    Result<void> put = reader.put(*text);
    if (put.ok() && tls.ended() && !reader.done()) put = reader.end();
    if (!put.ok()) co_return std::move(put).error();
    if (tls.ended()) break;
    if (response.body.size() > kLargestBody) {
      co_return Error::unavailable("the pod's answer is larger than 16 MiB");
    }
  }
  response.status = reader.status();
  response.retry_after = parse_retry_after(reader.header("retry-after"));
  co_return response;
}

net::awaitable<Result<WorkloadResponse>> run(const ClusterAccess& access, const PodRequest& request,
                                             const TlsIdentity& identity, SSL_CTX* context,
                                             Random& random, net::any_io_executor executor) {
  TlsStream stream(executor, context);
  stream.expires_after(request.request.timeout);
  Result<void> connected = co_await stream.connect(access.address, *access.tls);
  if (!connected.ok()) co_return std::move(connected).error();
  Tunnel tunnel(stream, random);
  Result<void> opened = co_await tunnel.open(access, request);
  if (!opened.ok()) co_return std::move(opened).error();
  Result<MemoryTls> tls = MemoryTls::create(context, identity);
  if (!tls.ok()) co_return std::move(tls).error();
  co_return co_await exchange(tunnel, *tls, request);
}

// co_spawn() wants results that can be empty.
net::awaitable<void> run_into(net::awaitable<Result<WorkloadResponse>> work,
                              Result<WorkloadResponse>& response) {
  response = co_await std::move(work);
}

Result<void> check(const PodRequest& request) {
  if (!is_name(request.ns) || !is_name(request.pod)) {
    return Error::invalid("the pod's name and namespace must be names of Kubernetes objects");
  }
  if (request.port < 1 || request.port > 65535) {
    return Error::invalid("the port must be from 1 to 65535");
  }
  if (request.ca_pem.empty()) return Error::invalid("the CA certificate is missing");
  if ((request.request.method + request.request.path).find_first_of("\r\n ") != std::string::npos) {
    return Error::invalid("method and path must be single words");
  }
  return {};
}

Result<WorkloadResponse> send_checked(const ClusterAccess& access, const PodRequest& request,
                                      Random& random, const std::atomic<bool>* interrupted) {
  TRY(check(request));
  const auto identity = TRY(TlsIdentity::create({.ca_pem = request.ca_pem,
                                                 .certificate_pem = request.certificate_pem,
                                                 .key_pem = request.key_pem,
                                                 .server_name = request.server_name}));
  const openssl::ContextPtr context = make_client_context();
  net::io_context io(1);
  Result<WorkloadResponse> response = Error::internal("the request did not run");
  net::co_spawn(
      io,
      run_into(run(access, request, *identity, context.get(), random, io.get_executor()), response),
      net::detached);
  for (;;) {
    io.run_for(std::chrono::milliseconds(100));
    if (io.stopped()) return response;
    if (interrupted != nullptr && *interrupted) return capstan::interrupted();
  }
}

}  // namespace

Result<WorkloadResponse> send_to_pod(const ClusterAccess& access, const PodRequest& request,
                                     Random& random, const std::atomic<bool>* interrupted) {
  Result<WorkloadResponse> response = send_checked(access, request, random, interrupted);
  if (response.ok()) return response;
  return std::move(response).error().with_context(access.text() + ", pod " + request.ns + "/" +
                                                  request.pod + " port " +
                                                  std::to_string(request.port));
}

}  // namespace capstan
