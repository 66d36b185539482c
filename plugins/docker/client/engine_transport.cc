#include "plugins/docker/client/engine_transport.h"

#include <httplib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "plugins/docker/client/request_watch.h"

namespace capstan::docker {
namespace {

using sdk::Code;
using sdk::Error;

constexpr std::string_view kUnix = "unix://";
constexpr std::string_view kTcp = "tcp://";

// The system's reason why a Unix socket cannot be connected; 0 where it can.
int connect_error(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return ENAMETOOLONG;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return errno;
  const int failed =
      ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const int reason = failed == 0 ? 0 : errno;
  ::close(socket);
  return reason;
}

Error unreachable(const std::string& host, const std::string& path, httplib::Error error) {
  const int reason = path.empty() ? 0 : connect_error(path);
  const std::string engine = "Docker Engine at " + host;
  switch (reason) {
    case ENOENT:
      return Error::make(Code::kUnavailable, "no " + engine + ": the socket does not exist",
                         "Install and start Docker, or set `host` in the plugin's settings.")
          .with_reason("EngineUnavailable");
    case ECONNREFUSED:
      return Error::make(Code::kUnavailable, engine + " is not running: connection refused",
                         "Start it: systemctl start docker.")
          .with_reason("EngineUnavailable");
    case EACCES:
    case EPERM:
      return Error::make(Code::kPermissionDenied, engine + ": permission denied",
                         "Run Capstan as a member of the group that owns the socket (docker).")
          .with_reason("EngineUnavailable");
    default:
      break;
  }
  const std::string why = reason != 0 ? std::strerror(reason) : httplib::to_string(error);
  return Error::make(Code::kUnavailable, engine + " gave no answer: " + why)
      .with_reason("EngineUnavailable");
}

class HttplibTransport : public EngineTransport {
 public:
  HttplibTransport(std::string host, std::string address, int port)
      : host_(std::move(host)), address_(std::move(address)), port_(port) {}

  Expected<EngineResponse> send(const EngineRequest& request) override {
    return exchange(request, nullptr);
  }
  Expected<EngineResponse> stream(const EngineRequest& request, const ChunkSink& sink) override {
    return exchange(request, &sink);
  }
  std::string host() const override { return host_; }

 private:
  bool local() const { return port_ == 0; }

  Expected<EngineResponse> exchange(const EngineRequest& request, const ChunkSink* sink) {
    try {
      return exchange_or_throw(request, sink);
    } catch (const std::exception& error) {
      return Error::internal("request to Docker Engine at " + host_ + ": " + error.what());
    }
  }

  Expected<EngineResponse> exchange_or_throw(const EngineRequest& request, const ChunkSink* sink) {
    httplib::Client client(address_, local() ? 80 : port_);
    if (local()) client.set_address_family(AF_UNIX);
    client.set_connection_timeout(std::chrono::seconds(5));
    client.set_read_timeout(request.timeout);
    client.set_write_timeout(request.timeout);

    httplib::Request out;
    out.method = request.method;
    out.path = request.path;
    // The engine refuses a path as the host's name.
    out.set_header("Host", "docker");
    if (!request.body.empty()) {
      out.set_header("Content-Type", request.content_type);
      out.body = request.body;
    }
    bool success = false;
    bool stopped = false;
    EngineResponse response;
    out.response_handler = [&](const httplib::Response& head) {
      success = head.status >= 200 && head.status < 300;
      response.status = head.status;
      return true;
    };
    out.content_receiver = [&](const char* data, size_t size, uint64_t, uint64_t) {
      if (sink == nullptr || !success) {
        response.body.append(data, size);
        return true;
      }
      stopped = !(*sink)({data, size});
      return !stopped;
    };
    const RequestWatch::Request watched(watch_, [&client] { client.stop(); });
    const auto result = client.send(out);
    if (auto given_up = watched.given_up(); given_up && !result) return *std::move(given_up);
    if (stopped) return Error::cancelled("the transfer from Docker Engine was ended");
    if (!result) return unreachable(host_, local() ? address_ : "", result.error());
    response.status = result->status;
    return response;
  }

  const std::string host_;
  const std::string address_;
  const int port_;  // 0: a Unix socket
  RequestWatch watch_;
};

Error wrong_host(const std::string& host) {
  return Error::invalid("\"" + host +
                        "\" names no Docker Engine; expected unix:///path or "
                        "tcp://host:port");
}

}  // namespace

Expected<std::unique_ptr<EngineTransport>> connect_engine(const std::string& host) {
  std::unique_ptr<EngineTransport> transport;
  if (host.starts_with(kUnix)) {
    const std::string path = host.substr(kUnix.size());
    if (path.empty() || path.front() != '/') return wrong_host(host);
    transport = std::make_unique<HttplibTransport>(host, path, 0);
    return transport;
  }
  const size_t colon = host.rfind(':');
  if (!host.starts_with(kTcp) || colon < kTcp.size()) return wrong_host(host);
  int port = 0;
  const char* end = host.data() + host.size();
  const auto parsed = std::from_chars(host.data() + colon + 1, end, port);
  if (parsed.ec != std::errc() || parsed.ptr != end || port < 1 || port > 65535) {
    return wrong_host(host);
  }
  transport =
      std::make_unique<HttplibTransport>(host, host.substr(kTcp.size(), colon - kTcp.size()), port);
  return transport;
}

}  // namespace capstan::docker
