#include "runtime/workload/fake_kubernetes.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/text.h"

namespace capstan {
namespace {

using namespace openssl;

ContextPtr server_context(const CertificateAndKey& certificate, const std::string& ca_pem) {
  ContextPtr context(SSL_CTX_new(TLS_server_method()));
  const CertificatePtr parsed(
      PEM_read_bio_X509(view(certificate.certificate_pem).get(), nullptr, nullptr, nullptr));
  const KeyPtr key(
      PEM_read_bio_PrivateKey(view(certificate.key_pem).get(), nullptr, nullptr, nullptr));
  SSL_CTX_use_certificate(context.get(), parsed.get());
  SSL_CTX_use_PrivateKey(context.get(), key.get());
  const CertificatePtr ca(PEM_read_bio_X509(view(ca_pem).get(), nullptr, nullptr, nullptr));
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), ca.get());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return context;
}

std::string common_name_of_peer(SSL* tls) {
  const CertificatePtr certificate(SSL_get1_peer_certificate(tls));
  char name[100] = "";
  if (certificate) {
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name,
                              sizeof name);
  }
  return name;
}

std::string chunk(const std::string& text) {
  char size[20];
  snprintf(size, sizeof size, "%zx\r\n", text.size());
  return size + text + "\r\n";
}

std::string query(const std::string& path, const std::string& name) {
  const size_t at = path.find(name + "=");
  if (at == std::string::npos) return "";
  const size_t start = at + name.size() + 1;
  return path.substr(start, path.find('&', start) - start);
}

// A server's side of TLS over a port-forward's data channel.
class PodServer {
 public:
  PodServer(const CertificateAndKey& certificate, const std::string& ca_pem, FakePod pod)
      : context_(server_context(certificate, ca_pem)),
        tls_(SSL_new(context_.get())),
        in_(BIO_new(BIO_s_mem())),
        out_(BIO_new(BIO_s_mem())),
        pod_(std::move(pod)) {
    SSL_set_bio(tls_.get(), in_, out_);
    SSL_set_accept_state(tls_.get());
  }

  // Bytes of the channel in, bytes for the channel out.
  std::string put(const std::string& bytes) {
    BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
    char buffer[4096];
    for (int count; (count = SSL_read(tls_.get(), buffer, sizeof buffer)) > 0;) {
      request_.append(buffer, static_cast<size_t>(count));
    }
    ERR_clear_error();
    answer();
    std::string sealed(BIO_ctrl_pending(out_), '\0');
    if (!sealed.empty()) BIO_read(out_, sealed.data(), static_cast<int>(sealed.size()));
    return sealed;
  }

 private:
  void answer() {
    const size_t head = request_.find("\r\n\r\n");
    if (head == std::string::npos) return;
    const size_t at = request_.find("Content-Length: ");
    const size_t length = std::stoul(request_.substr(at + 16));
    if (request_.size() < head + 4 + length) return;
    const size_t space = request_.find(' ');
    const std::string path = request_.substr(space + 1, request_.find(' ', space + 1) - space - 1);
    const auto [status, body] = pod_(path, request_.substr(head + 4));
    const std::string text = "HTTP/1.1 " + std::to_string(status) +
                             " X\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(body) + chunk("");
    SSL_write(tls_.get(), text.data(), static_cast<int>(text.size()));
    request_.clear();
  }

  ContextPtr context_;
  SessionPtr tls_;
  BIO* in_;
  BIO* out_;
  FakePod pod_;
  std::string request_;
};

std::string binary_frame(const std::string& payload) {
  std::string frame = "\x82";
  if (payload.size() < 126) {
    frame += static_cast<char>(payload.size());
  } else {
    frame += static_cast<char>(126);
    frame += static_cast<char>(payload.size() >> 8);
    frame += static_cast<char>(payload.size());
  }
  return frame + payload;
}

// The payload of the next masked frame; empty where the connection ended.
std::string read_frame(FakeExchange& exchange, std::string& pending) {
  const auto need = [&](size_t size) {
    while (pending.size() < size) {
      const std::string bytes = exchange.read_some();
      if (bytes.empty()) return false;
      pending += bytes;
    }
    return true;
  };
  if (!need(2)) return "";
  const auto byte = [&](size_t at) { return static_cast<uint8_t>(pending[at]); };
  size_t size = byte(1) & 0x7f, start = 2;
  if (size == 126) {
    if (!need(4)) return "";
    size = static_cast<size_t>(byte(2)) << 8 | byte(3);
    start = 4;
  }
  if (!need(start + 4 + size)) return "";
  std::string payload = pending.substr(start + 4, size);
  for (size_t i = 0; i < size; ++i) payload[i] ^= pending[start + i % 4];
  pending.erase(0, start + 4 + size);
  return payload;
}

bool upgrade(FakeExchange& exchange) {
  const std::string key = exchange.headers["sec-websocket-key"];
  if (exchange.headers["sec-websocket-protocol"] != "v4.channel.k8s.io" || key.empty()) {
    exchange.answer(400, "unknown protocol");
    return false;
  }
  const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[20];
  EVP_Digest(text.data(), text.size(), digest, nullptr, EVP_sha1(), nullptr);
  exchange.send(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Protocol: v4.channel.k8s.io\r\nSec-WebSocket-Accept: " +
      base64_encode({reinterpret_cast<char*>(digest), sizeof digest}) + "\r\n\r\n");
  const int port = std::stoi(query(exchange.path, "ports"));
  const std::string bytes = {static_cast<char>(port), static_cast<char>(port >> 8)};
  return exchange.send(binary_frame(std::string(1, '\0') + bytes) +
                       binary_frame(std::string(1, '\1') + bytes));
}

}  // namespace

bool FakeExchange::send(const std::string& bytes) {
  return !cut_ && SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size())) > 0;
}

std::string FakeExchange::read_some() {
  if (!pending_.empty()) return std::exchange(pending_, "");
  char buffer[4096];
  const int count = cut_ ? 0 : SSL_read(tls_, buffer, sizeof buffer);
  return count > 0 ? std::string(buffer, static_cast<size_t>(count)) : std::string();
}

bool FakeExchange::read_request() {
  std::string text;
  size_t head;
  while ((head = text.find("\r\n\r\n")) == std::string::npos) {
    const std::string bytes = read_some();
    if (bytes.empty()) return false;
    text += bytes;
  }
  const std::vector<std::string> lines = split(text.substr(0, head), '\n');
  const std::vector<std::string> first = split(lines[0], ' ');
  method = first[0];
  path = first[1];
  headers.clear();
  for (size_t i = 1; i < lines.size(); ++i) {
    const size_t colon = lines[i].find(':');
    headers[to_lower(lines[i].substr(0, colon))] = trim(lines[i].substr(colon + 1));
  }
  const std::string length = headers["content-length"];
  const size_t size = length.empty() ? 0 : std::stoul(length);
  while (text.size() < head + 4 + size) {
    const std::string bytes = read_some();
    if (bytes.empty()) return false;
    text += bytes;
  }
  body = text.substr(head + 4, size);
  pending_ = text.substr(head + 4 + size);
  return true;
}

void FakeExchange::answer(int status, const std::string& text, const std::string& extra_headers) {
  send("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\n" +
       "Content-Length: " + std::to_string(text.size()) + "\r\n" + extra_headers + "\r\n" + text);
}

void FakeExchange::cut() {
  cut_ = true;
  shutdown(fd_, SHUT_RDWR);
}

void FakeExchange::wait_for_stop() {
  while (!read_some().empty()) {
  }
  cut();
}

FakeKubernetes::FakeKubernetes() {
  const Instant now = SystemClock().now();
  ca_ = make_ca({.common_name = "kubernetes"}, now).value();
  server_certificate_ = issue_certificate({.ca = ca_,
                                           .common_name = "kube-apiserver",
                                           .ip_addresses = {"127.0.0.1"},
                                           .server = true},
                                          now)
                            .value();
  client_certificate_ = issue_certificate({.ca = ca_,
                                           .common_name = "kubernetes-admin",
                                           .organizations = {"system:masters"},
                                           .client = true},
                                          now)
                            .value();
  context_ = server_context(server_certificate_, ca_.certificate_pem);
  start();
}

FakeKubernetes::~FakeKubernetes() {
  stop();
}

void FakeKubernetes::start() {
  stopping_ = false;
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port_));
  ASSERT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener_, 512), 0);
  socklen_t size = sizeof address;
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

void FakeKubernetes::stop() {
  if (listener_ < 0) return;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  listener_ = -1;
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  changed_.notify_all();
  cut_connections();
  for (std::thread& thread : threads) thread.join();
}

void FakeKubernetes::cut_connections() {
  const std::lock_guard lock(mutex_);
  for (const int fd : sockets_) shutdown(fd, SHUT_RDWR);
}

void FakeKubernetes::accept_all() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const std::lock_guard lock(mutex_);
    ++connections_;
    sockets_.push_back(fd);
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void FakeKubernetes::serve(int fd) {
  const SessionPtr tls(SSL_new(context_.get()));
  SSL_set_fd(tls.get(), fd);
  if (SSL_accept(tls.get()) == 1) {
    FakeExchange exchange(*this, tls.get(), fd);
    exchange.peer = common_name_of_peer(tls.get());
    while (!exchange.is_cut() && exchange.read_request()) dispatch(exchange);
  }
  const std::lock_guard lock(mutex_);
  std::erase(sockets_, fd);
  close(fd);
}

void FakeKubernetes::dispatch(FakeExchange& exchange) {
  Handler handler;
  int generation;
  {
    const std::lock_guard lock(mutex_);
    generation = watch_generation_;
    seen_.push_back(exchange.path);
    for (const auto& [path, candidate] : handlers_) {
      if (exchange.path.starts_with(path)) handler = candidate;
    }
  }
  changed_.notify_all();
  if (handler) return handler(exchange);
  if (exchange.path.starts_with("/api/v1/nodes?watch=true")) return watch(exchange, generation);
  if (exchange.path.starts_with("/api/v1/nodes")) return list(exchange);
  exchange.answer(404, R"({"kind":"Status","message":"not here","code":404})");
}

void FakeKubernetes::list(FakeExchange& exchange) {
  Json items = Json::array();
  int64_t version;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, node] : nodes_) items.push_back(node);
    version = version_;
  }
  exchange.answer(200, dump_json({{"kind", "NodeList"},
                                  {"apiVersion", "v1"},
                                  {"metadata", {{"resourceVersion", std::to_string(version)}}},
                                  {"items", items}}));
}

void FakeKubernetes::watch(FakeExchange& exchange, int generation) {
  int64_t after = std::stoll(query(exchange.path, "resourceVersion"));
  if (!exchange.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")) return;
  std::unique_lock lock(mutex_);
  for (;;) {
    std::string lines;
    if (after < compacted_) {
      lines = dump_json({{"type", "ERROR"}, {"object", {{"code", 410}, {"message", "too old"}}}});
    } else {
      for (const Event& event : events_) {
        if (event.version <= after) continue;
        lines += dump_json({{"type", event.type}, {"object", event.object}}) + "\n";
        after = event.version;
      }
    }
    const bool expired = after < compacted_;
    lock.unlock();
    if (!lines.empty() && !exchange.send(chunk(lines + "\n"))) return exchange.cut();
    lock.lock();
    if (expired || stopping_ || generation != watch_generation_) break;
    changed_.wait_for(lock, std::chrono::seconds(1));
  }
  lock.unlock();
  exchange.send(chunk(""));
}

void FakeKubernetes::record(const std::string& type, Json object) {
  object["metadata"]["resourceVersion"] = std::to_string(++version_);
  events_.push_back({version_, type, object});
  const std::string name = object["metadata"]["name"];
  nodes_.erase(name);
  if (type != "DELETED") nodes_[name] = std::move(object);
  changed_.notify_all();
}

void FakeKubernetes::put_node(const std::string& name, const Json& spec) {
  const std::lock_guard lock(mutex_);
  record(nodes_.count(name) > 0 ? "MODIFIED" : "ADDED",
         {{"metadata", {{"name", name}}}, {"spec", spec}, {"status", Json::object()}});
}

void FakeKubernetes::delete_node(const std::string& name) {
  const std::lock_guard lock(mutex_);
  record("DELETED", nodes_.at(name));
}

void FakeKubernetes::compact() {
  const std::lock_guard lock(mutex_);
  compacted_ = ++version_;
  events_.clear();
  changed_.notify_all();
}

void FakeKubernetes::end_watches() {
  const std::lock_guard lock(mutex_);
  ++watch_generation_;
  changed_.notify_all();
}

void FakeKubernetes::on(const std::string& path, Handler handler) {
  const std::lock_guard lock(mutex_);
  handlers_.emplace_back(path, std::move(handler));
}

void FakeKubernetes::off(const std::string& path) {
  const std::lock_guard lock(mutex_);
  std::erase_if(handlers_, [&](const auto& handler) { return handler.first == path; });
}

std::string FakeKubernetes::kubeconfig(const std::string& cluster) const {
  return make_kubeconfig({.cluster = cluster,
                          .server = "https://127.0.0.1:" + std::to_string(port_),
                          .ca_pem = ca_.certificate_pem,
                          .certificate_pem = client_certificate_.certificate_pem,
                          .key_pem = client_certificate_.key_pem});
}

int FakeKubernetes::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

int FakeKubernetes::requests(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::count_if(
      seen_.begin(), seen_.end(), [&](const std::string& seen) { return seen.starts_with(path); }));
}

bool FakeKubernetes::wait_for_requests(const std::string& path, int count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10), [&] {
    return std::count_if(seen_.begin(), seen_.end(),
                         [&](const std::string& seen) { return seen.starts_with(path); }) >= count;
  });
}

FakeKubernetes::Handler fake_port_forward(CertificateAndKey certificate, std::string ca_pem,
                                          FakePod pod) {
  return [=](FakeExchange& exchange) {
    if (!upgrade(exchange)) return;
    PodServer server(certificate, ca_pem, pod);
    std::string pending;
    for (std::string payload; !(payload = read_frame(exchange, pending)).empty();) {
      const std::string sealed = server.put(payload.substr(1));
      if (!sealed.empty()) exchange.send(binary_frame(std::string(1, '\0') + sealed));
    }
    exchange.cut();
  };
}

FakeKubernetes::Handler fake_refused_port_forward(std::string message) {
  return [=](FakeExchange& exchange) {
    if (!upgrade(exchange)) return;
    exchange.send(binary_frame("\1" + message));
    exchange.wait_for_stop();
  };
}

}  // namespace capstan
