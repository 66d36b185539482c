#include "plugins/memory/pod_listener.h"

#include <openssl/ssl.h>

#include "plugins/memory/port_forward.h"
#include "runtime/api/http_tls.h"
#include "runtime/base/text.h"

namespace capstan::memory {

class PodTls {
 public:
  PodTls(std::unique_ptr<boost::asio::ssl::context> context, bool needs_client)
      : needs_client(needs_client), context_(std::move(context)) {}
  SSL_CTX* native() { return context_->native_handle(); }

  const bool needs_client;  // with a certificate that is believed

 private:
  std::unique_ptr<boost::asio::ssl::context> context_;
};

namespace {

constexpr size_t kLargestRequest = 1 << 20;

struct FreeSession {
  void operator()(SSL* session) const { SSL_free(session); }
};

// A request whose bytes have all come.
struct PodRequestText {
  std::string path;
  std::string body;
};

// None where more bytes are needed. Errors: kInvalid where they are no HTTP.
Result<std::optional<PodRequestText>> parse_request(const std::string& text) {
  const size_t end = text.find("\r\n\r\n");
  if (end == std::string::npos) return std::optional<PodRequestText>();
  const std::vector<std::string> words = split(text.substr(0, text.find("\r\n")), ' ');
  if (words.size() != 3) return Error::invalid("no HTTP request");
  size_t length = 0;
  for (const std::string& line : split(text.substr(0, end), '\n')) {
    const std::string lower = to_lower(line);
    if (!lower.starts_with("content-length:")) continue;
    length = std::strtoul(lower.c_str() + sizeof("content-length:") - 1, nullptr, 10);
  }
  if (length > kLargestRequest) return Error::invalid("the request is too large");
  if (text.size() < end + 4 + length) return std::optional<PodRequestText>();
  return std::optional(PodRequestText{words[1], text.substr(end + 4, length)});
}

std::string response_text(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) + " " + std::string(http_reason(status)) +
         "\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

class PodTunnel final : public PortTunnel {
 public:
  PodTunnel(int port, std::shared_ptr<PodTls> tls, PodAnswer answer)
      : PortTunnel(port),
        tls_(std::move(tls)),
        answer_(std::move(answer)),
        session_(SSL_new(tls_->native())),
        incoming_(BIO_new(BIO_s_mem())),
        outgoing_(BIO_new(BIO_s_mem())) {
    SSL_set_bio(session_.get(), incoming_, outgoing_);
    SSL_set_accept_state(session_.get());
  }

 private:
  void data(std::string_view bytes) override {
    BIO_write(incoming_, bytes.data(), static_cast<int>(bytes.size()));
    const bool goes_on = SSL_is_init_finished(session_.get()) || handshake();
    flush();
    if (!goes_on) return;
    char buffer[4096];
    for (int size = 0; (size = SSL_read(session_.get(), buffer, sizeof buffer)) > 0;) {
      request_.append(buffer, static_cast<size_t>(size));
    }
    if (request_.size() > kLargestRequest + 65536) return end();
    answer_request();
    flush();
  }

  // True where it is complete; ends the tunnel where the client is not to be believed.
  bool handshake() {
    const int result = SSL_do_handshake(session_.get());
    if (result != 1) {
      if (SSL_get_error(session_.get(), result) == SSL_ERROR_WANT_READ) return false;
      flush();
      end();
      return false;
    }
    if (!tls_->needs_client) return true;
    HttpPeer peer;
    read_tls_peer(session_.get(), peer);
    if (peer.has_certificate && peer.certificate_error.empty()) return true;
    SSL_shutdown(session_.get());
    flush();
    end();
    return false;
  }

  void answer_request() {
    const auto request = parse_request(request_);
    if (!request.ok()) return end();
    if (!request->has_value()) return;
    const std::string& text = (*request)->body;
    const Result<Json> body = text.empty() ? Result<Json>(Json::object()) : parse_json(text);
    std::pair<int, Json> answer = {400, {{"error", "the body is no JSON"}}};
    if (body.ok()) answer = answer_((*request)->path, *body);
    const std::string response = response_text(answer.first, dump_json(answer.second));
    SSL_write(session_.get(), response.data(), static_cast<int>(response.size()));
    SSL_shutdown(session_.get());
    flush();
    end();
  }

  void flush() {
    char buffer[8192];
    for (int size = 0; (size = BIO_read(outgoing_, buffer, sizeof buffer)) > 0;) {
      send({buffer, static_cast<size_t>(size)});
    }
  }

  const std::shared_ptr<PodTls> tls_;
  const PodAnswer answer_;
  const std::unique_ptr<SSL, FreeSession> session_;
  BIO* const incoming_;  // both are the session's
  BIO* const outgoing_;
  std::string request_;
};

}  // namespace

Result<std::shared_ptr<PodTls>> make_etcd_tls(const KeyPair& authority, const std::string& node,
                                              Instant now) {
  CertificateOptions options;
  options.common_name = node;
  options.dns_names = {node, "localhost"};
  options.ip_addresses = {"127.0.0.1"};
  options.server = true;
  options.client = true;
  const HttpTls tls{TRY(issue_certificate(authority, options, now)), authority.certificate_pem};
  return std::make_shared<PodTls>(TRY(make_tls_context(tls)), true);
}

Result<std::shared_ptr<PodTls>> make_api_server_tls(const KeyPair& certificate) {
  return std::make_shared<PodTls>(TRY(make_tls_context(HttpTls{certificate, {}})), false);
}

std::shared_ptr<HttpTunnel> make_pod_tunnel(int port, std::shared_ptr<PodTls> tls,
                                            PodAnswer answer) {
  return std::make_shared<PodTunnel>(port, std::move(tls), std::move(answer));
}

}  // namespace capstan::memory
