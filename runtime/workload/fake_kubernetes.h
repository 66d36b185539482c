// A small Kubernetes API server for tests: TLS on a port of 127.0.0.1, Nodes with list and watch,
// port-forward to a pretended pod, and any fault that a test writes as a handler.
//
// Thread safety: all members from any thread; handlers run on the connection's thread.
//
// Example:
//   FakeKubernetes server;
//   server.put_node("a");
//   server.on("/slow", [](FakeExchange& exchange) { exchange.wait_for_stop(); });
//   const std::string kubeconfig = server.kubeconfig("demo");
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/system/openssl_ptr.h"
#include "runtime/system/pki.h"
#include "runtime/workload/kubeconfig.h"

namespace capstan {

class FakeKubernetes;

// One request and its connection.
class FakeExchange {
 public:
  FakeExchange(FakeKubernetes& server, SSL* tls, int fd) : server_(server), tls_(tls), fd_(fd) {}

  std::string method;
  std::string path;
  std::map<std::string, std::string> headers;  // lower-case names
  std::string body;
  std::string peer;  // common name of the client's certificate

  // False where the connection ended.
  bool read_request();
  bool send(const std::string& bytes);
  void answer(int status, const std::string& text, const std::string& extra_headers = "");
  void cut();            // closes the connection without TLS's farewell
  void wait_for_stop();  // says nothing more until the server stops or cuts
  std::string read_some();
  bool is_cut() const { return cut_; }
  FakeKubernetes& server() { return server_; }

 private:
  FakeKubernetes& server_;
  SSL* tls_;
  int fd_;
  std::string pending_;
  bool cut_ = false;
};

class FakeKubernetes {
 public:
  using Handler = std::function<void(FakeExchange&)>;

  FakeKubernetes();
  ~FakeKubernetes();

  std::string kubeconfig(const std::string& cluster) const;
  const CertificateAndKey& ca() const { return ca_; }
  int port() const { return port_; }

  // Whose path begins so is served by the handler instead; the last one given wins.
  void on(const std::string& path, Handler handler);
  void off(const std::string& path);

  void put_node(const std::string& name, const Json& spec = Json::object());
  void delete_node(const std::string& name);
  // Forgets events, so that a watch from before gets an ERROR event with 410.
  void compact();
  void end_watches();  // each running watch ends in order

  // Closes the port and all connections; start() opens the same port again.
  void stop();
  void start();
  void cut_connections();

  int connections() const;
  int requests(const std::string& path) const;  // whose path begins so
  // False where it took longer than ten seconds.
  bool wait_for_requests(const std::string& path, int count);

 private:
  friend class FakeExchange;
  struct Event {
    int64_t version;
    std::string type;
    Json object;
  };

  void accept_all();
  void serve(int fd);
  void dispatch(FakeExchange& exchange);
  void list(FakeExchange& exchange);
  void watch(FakeExchange& exchange, int generation);
  void record(const std::string& type, Json object);

  CertificateAndKey ca_, server_certificate_, client_certificate_;
  openssl::ContextPtr context_;
  int port_ = 0;
  int listener_ = -1;
  std::thread acceptor_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
  std::vector<int> sockets_;
  int connections_ = 0;
  std::vector<std::string> seen_;
  std::vector<std::pair<std::string, Handler>> handlers_;
  std::map<std::string, Json> nodes_;
  std::vector<Event> events_;
  int64_t version_ = 100;
  int64_t compacted_ = 0;
  int watch_generation_ = 0;
};

// What a pretended pod's port answers: a path and a body give a status and a body.
using FakePod = std::function<std::pair<int, std::string>(const std::string&, const std::string&)>;

// Serves port-forward to a pod that speaks TLS with this certificate and trusts this CA's clients.
FakeKubernetes::Handler fake_port_forward(CertificateAndKey certificate, std::string ca_pem,
                                          FakePod pod);
// Serves port-forward whose port nobody listens on: the error channel says so.
FakeKubernetes::Handler fake_refused_port_forward(std::string message);

}  // namespace capstan
