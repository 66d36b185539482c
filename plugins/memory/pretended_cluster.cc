#include "plugins/memory/pretended_cluster.h"

#include "plugins/memory/eviction.h"
#include "plugins/memory/pod_listener.h"
#include "plugins/memory/port_forward.h"
#include "runtime/api/status.h"
#include "runtime/base/text.h"

namespace capstan::memory {
namespace {

// A pretended cluster changes little and is watched by few: what is kept of its past is small.
constexpr size_t kKeptEvents = 500;
constexpr size_t kKeptEventBytes = 1 << 20;
constexpr int kEtcdPort = 2379;
constexpr int kApiServerPort = 6443;
constexpr std::string_view kEtcdPod = "etcd-";
constexpr std::string_view kApiServerPod = "kube-apiserver-";
const char* const kControlPlanePods[] = {"kube-apiserver", "kube-controller-manager",
                                         "kube-scheduler"};

Result<KeyPair> server_certificate(const ApiServerPlace& place, Instant now) {
  CertificateOptions options;
  options.common_name = "kube-apiserver";
  options.dns_names = {"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"};
  options.ip_addresses = {place.address};
  options.server = true;
  return issue_certificate(place.authority, options, now);
}

}  // namespace

PretendedCluster::PretendedCluster(const Ground& ground, ClusterId id)
    : ground_(ground), id_(std::move(id)) {}

PretendedCluster::~PretendedCluster() {
  close();
}

Result<std::unique_ptr<PretendedCluster>> PretendedCluster::create(const Ground& ground,
                                                                   ClusterId id) {
  std::unique_ptr<PretendedCluster> cluster(new PretendedCluster(ground, std::move(id)));
  cluster->store_ = make_memory_store({.keep_events = kKeptEvents});
  cluster->cache_ = TRY(make_watch_cache(
      *cluster->store_,
      {.window = kKeptEvents, .window_bytes = kKeptEventBytes, .keep_trees = false}));
  cluster->service_ = make_resource_service({.store = *cluster->store_,
                                             .cache = *cluster->cache_,
                                             .kinds = ground.kinds,
                                             .clock = ground.clock,
                                             .random = ground.random,
                                             .admission = {},
                                             .converter = {},
                                             .schemas = ground.schemas});
  return cluster;
}

Result<void> PretendedCluster::add_node(const PretendedMachine& machine, Instant since) {
  const std::scoped_lock lock(mutex_);
  Parts& parts = machines_[machine.name];
  if (parts.node) return {};
  TRY(add_objects({node_object(machine, since)}));
  parts.node = true;
  return {};
}

Result<void> PretendedCluster::add_etcd(const PretendedMachine& machine, const KeyPair& authority,
                                        Instant since) {
  const std::scoped_lock lock(mutex_);
  Parts& parts = machines_[machine.name];
  if (parts.etcd) return {};
  TRY(add_objects({static_pod_object(machine, "etcd", since)}));
  etcd_authority_ = authority;
  etcd_.add(machine.name, machine.uid);
  parts.etcd = true;
  return {};
}

Result<void> PretendedCluster::add_api_server(const PretendedMachine& machine,
                                              const ApiServerPlace& place, Instant since) {
  const std::scoped_lock lock(mutex_);
  Parts& parts = machines_[machine.name];
  if (parts.api_server) return {};
  std::vector<Json> pods;
  for (const char* component : kControlPlanePods) {
    pods.push_back(static_pod_object(machine, component, since));
  }
  TRY(add_objects(std::move(pods)));
  if (server_ == nullptr) TRY(listen(machine, place, since));
  parts.api_server = true;
  return {};
}

void PretendedCluster::remove_machine(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  machines_.erase(name);
  etcd_.forget(name);
  etcd_tls_.erase(name);
  remove_object({{"", "Pod"}, "kube-system", std::string(kEtcdPod) + name});
  for (const char* component : kControlPlanePods) {
    remove_object({{"", "Pod"}, "kube-system", std::string(component) + "-" + name});
  }
}

bool PretendedCluster::has_node(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  const auto found = machines_.find(name);
  return found != machines_.end() && found->second.node;
}
bool PretendedCluster::has_etcd(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  const auto found = machines_.find(name);
  return found != machines_.end() && found->second.etcd;
}
bool PretendedCluster::has_api_server(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  const auto found = machines_.find(name);
  return found != machines_.end() && found->second.api_server;
}

void PretendedCluster::on_member_removed(std::function<void(const std::string&)> callback) {
  const std::scoped_lock lock(mutex_);
  on_member_removed_ = std::move(callback);
}

void PretendedCluster::close() {
  ApiServer* server = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    server = server_.get();
  }
  // Without the lock: the loop, which close() waits for, may want it.
  if (server != nullptr) server->close(Duration::zero());
}

// What is there already stays as it is.
Result<void> PretendedCluster::add_objects(std::vector<Json> objects) {
  std::vector<Write> writes;
  for (Json& json : objects) {
    ObjectPtr object = TRY(Object::from_json(std::move(json)));
    ObjectKey key = object->key();
    if (cache_->get(key) != nullptr) continue;
    object->drop_tree();
    writes.push_back({Write::Op::kCreate, std::move(key), std::move(object), 0});
  }
  if (!writes.empty()) TRY(store_->commit(std::move(writes)));
  return {};
}

void PretendedCluster::remove_object(const ObjectKey& key) {
  // What is gone already is gone.
  if (cache_->get(key) != nullptr) (void)store_->commit({{Write::Op::kDelete, key, nullptr, 0}});
}

Result<void> PretendedCluster::listen(const PretendedMachine& machine, const ApiServerPlace& place,
                                      Instant since) {
  // Another cluster of this name is another cluster: its authority tells.
  const std::string seed =
      id_.ns + "/" + id_.name + "/" + std::to_string(fnv1a(place.authority.certificate_pem));
  const std::string endpoint = place.address + ":" + std::to_string(place.port);
  TRY(add_objects(namespace_objects(seed, since)));
  TRY(add_objects(kubeadm_objects(
      {id_.name, seed, machine.version, endpoint, place.authority.certificate_pem, since})));
  ApiServerOptions options;
  options.listen.address = place.address;
  options.listen.port = place.port;
  const KeyPair certificate = TRY(server_certificate(place, ground_.clock.now()));
  api_server_tls_ = TRY(make_api_server_tls(certificate));
  options.listen.tls = HttpTls{certificate, place.authority.certificate_pem};
  options.api.routes = routes();
  if (!machine.version.empty()) options.api.git_version = machine.version;
  options.api.nonce = seed;
  auto server = ApiServer::create(ground_.loop, *service_, std::move(options));
  if (server.code() == Code::kUnavailable) {
    return Error::unavailable(
        "another program listens on " + endpoint + ", the spec.controlPlaneEndpoint of Cluster " +
        id_.ns + "/" + id_.name +
        ", which cannot change any more; end that program (ss -ltnp), and the machine goes on");
  }
  server_ = TRY(std::move(server));
  return {};
}

std::vector<ApiRoute> PretendedCluster::routes() {
  const std::string pod = "/api/v1/namespaces/{namespace}/pods/{name}";
  return {{"POST", pod + "/eviction",
           [this](HttpExchangePtr exchange, const RouteRequest& request) {
             const std::string ns = request.parts.at("namespace");
             const std::string name = request.parts.at("name");
             ground_.loop.run_blocking(
                 [this, exchange, ns, name] { evict_pod(*service_, *exchange, ns, name); });
           }},
          {"", pod + "/portforward", [this](HttpExchangePtr exchange, const RouteRequest& request) {
             forward_port(exchange, request);
           }}};
}

void PretendedCluster::forward_port(const HttpExchangePtr& exchange, const RouteRequest& request) {
  const std::string& pod = request.parts.at("name");
  if (cache_->get({{"", "Pod"}, request.parts.at("namespace"), pod}) == nullptr) {
    return exchange->respond(failure_response(Error::not_found("pods \"" + pod + "\" not found"),
                                              {"", "pods", pod, ""}));
  }
  auto head = accept_port_forward(exchange->request());
  if (!head.ok()) return exchange->respond(failure_response(head.error()));
  auto tunnel = open_port(pod, request.target.get("ports"));
  if (!tunnel.ok()) {
    return exchange->upgrade(std::move(*head), refuse_port_forward(tunnel.error().message));
  }
  exchange->upgrade(std::move(*head), std::move(*tunnel));
}

Result<std::shared_ptr<HttpTunnel>> PretendedCluster::open_port(const std::string& pod,
                                                                std::string_view port) {
  if (port == std::to_string(kEtcdPort) && pod.starts_with(kEtcdPod)) {
    return open_etcd(pod.substr(kEtcdPod.size()));
  }
  if (port == std::to_string(kApiServerPort) && pod.starts_with(kApiServerPod)) {
    const std::scoped_lock lock(mutex_);
    return make_pod_tunnel(kApiServerPort, api_server_tls_, [](const std::string&, const Json&) {
      return std::pair<int, Json>{200, Json::object()};
    });
  }
  return Error::unavailable("pretended pods listen on port 2379 of etcd and 6443 of API servers");
}

Result<std::shared_ptr<HttpTunnel>> PretendedCluster::open_etcd(const std::string& node) {
  if (!etcd_.has(node)) {
    return Error::unavailable("no etcd member listens in pod " + std::string(kEtcdPod) + node);
  }
  const std::scoped_lock lock(mutex_);
  std::shared_ptr<PodTls>& tls = etcd_tls_[node];
  if (tls == nullptr) tls = TRY(make_etcd_tls(etcd_authority_, node, ground_.clock.now()));
  return make_pod_tunnel(kEtcdPort, tls, [this, node](const std::string& path, const Json& body) {
    auto answer = etcd_.answer(node, path, body);
    tell_removed_members();
    return answer;
  });
}

// A member that was asked to leave: its machine remembers that.
void PretendedCluster::tell_removed_members() {
  std::function<void(const std::string&)> callback;
  {
    const std::scoped_lock lock(mutex_);
    callback = on_member_removed_;
  }
  for (const std::string& node : etcd_.take_newly_removed()) {
    if (callback) callback(node);
  }
}

}  // namespace capstan::memory
