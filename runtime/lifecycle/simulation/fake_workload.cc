#include "runtime/lifecycle/simulation/fake_workload.h"

#include "runtime/base/text.h"

namespace capstan::lifecycle {
namespace {

constexpr std::string_view kNodes = "/api/v1/nodes/";

WorkloadResponse answer(int status, const Json& body) {
  return {status, dump_json(body)};
}

WorkloadResponse failure(int status, const std::string& reason, const std::string& message) {
  return answer(status, {{"kind", "Status"}, {"reason", reason}, {"message", message}});
}

Json make_node(const std::string& name, const std::string& provider_id, const std::string& ready) {
  const auto condition = [](const char* type, const std::string& status) {
    return Json{{"type", type}, {"status", status}, {"reason", "Fake"}, {"message", ""}};
  };
  Json node = {{"metadata", {{"name", name}, {"uid", "node-" + name}}},
               {"spec", {{"providerID", provider_id}}}};
  node["status"]["conditions"] = {condition("Ready", ready), condition("MemoryPressure", "False"),
                                  condition("DiskPressure", "False"),
                                  condition("PIDPressure", "False")};
  return node;
}

}  // namespace

void FakeWorkload::changed(const ClusterName& cluster) {
  std::function<void(const ClusterName&)> callback;
  {
    const std::scoped_lock lock(mutex_);
    callback = callback_;
  }
  if (callback) callback(cluster);
}

void FakeWorkload::connect(const ClusterName& cluster) {
  {
    const std::scoped_lock lock(mutex_);
    clusters_[cluster].connected = true;
    clusters_[cluster].ever_connected = true;
  }
  changed(cluster);
}

void FakeWorkload::disconnect(const ClusterName& cluster) {
  {
    const std::scoped_lock lock(mutex_);
    clusters_[cluster].connected = false;
  }
  changed(cluster);
}

void FakeWorkload::add_node(const ClusterName& cluster, const std::string& name,
                            const std::string& provider_id, bool ready) {
  {
    const std::scoped_lock lock(mutex_);
    clusters_[cluster].nodes[name] =
        std::make_shared<Json>(make_node(name, provider_id, ready ? "True" : "False"));
  }
  changed(cluster);
}

void FakeWorkload::remove_node(const ClusterName& cluster, const std::string& name) {
  {
    const std::scoped_lock lock(mutex_);
    clusters_[cluster].nodes.erase(name);
  }
  changed(cluster);
}

void FakeWorkload::refuse_node_deletion(const ClusterName& cluster, std::optional<Code> error) {
  const std::scoped_lock lock(mutex_);
  clusters_[cluster].node_deletion_error = error;
}

void FakeWorkload::set_node_ready(const ClusterName& cluster, const std::string& name,
                                  const std::string& status, const std::string& since) {
  {
    const std::scoped_lock lock(mutex_);
    auto& node = clusters_[cluster].nodes.at(name);
    Json changed_node = *node;
    Json& ready = changed_node["status"]["conditions"][0];
    ready["status"] = status;
    if (!since.empty()) ready["lastTransitionTime"] = since;
    node = std::make_shared<Json>(std::move(changed_node));
  }
  changed(cluster);
}

void FakeWorkload::add_pod(const ClusterName& cluster, Json pod, bool is_protected) {
  const std::scoped_lock lock(mutex_);
  const std::string name =
      get_string(pod, {"metadata", "namespace"}) + "/" + get_string(pod, {"metadata", "name"});
  if (is_protected) clusters_[cluster].protected_pods.insert(name);
  clusters_[cluster].pods[name] = std::move(pod);
}

void FakeWorkload::allow_eviction(const ClusterName& cluster, const std::string& pod) {
  const std::scoped_lock lock(mutex_);
  clusters_[cluster].protected_pods.erase(pod);
}

void FakeWorkload::put(const ClusterName& cluster, const std::string& path, Json object) {
  const std::scoped_lock lock(mutex_);
  clusters_[cluster].objects[path] = std::move(object);
}

Json FakeWorkload::get(const ClusterName& cluster, const std::string& path) const {
  const std::scoped_lock lock(mutex_);
  const auto found = clusters_.find(cluster);
  if (found == clusters_.end() || !found->second.objects.contains(path)) return nullptr;
  return found->second.objects.at(path);
}

Json FakeWorkload::node(const ClusterName& cluster, const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  const auto found = clusters_.find(cluster);
  if (found == clusters_.end() || !found->second.nodes.contains(name)) return nullptr;
  return *found->second.nodes.at(name);
}

size_t FakeWorkload::pods(const ClusterName& cluster) const {
  const std::scoped_lock lock(mutex_);
  const auto found = clusters_.find(cluster);
  return found == clusters_.end() ? 0 : found->second.pods.size();
}

std::vector<std::string> FakeWorkload::calls() const {
  const std::scoped_lock lock(mutex_);
  return calls_;
}

Result<WorkloadResponse> FakeWorkload::request(const ClusterName& name,
                                               const WorkloadRequest& request) {
  WorkloadResponse response;
  {
    const std::scoped_lock lock(mutex_);
    Cluster& cluster = clusters_[name];
    if (!cluster.ever_connected) return Error::failed_precondition(name.name + ": no kubeconfig");
    if (!cluster.connected) return Error::unavailable(name.name + ": not reached");
    calls_.push_back(request.method + " " + request.path);
    if (request.method == "DELETE" && cluster.node_deletion_error) {
      return Error{*cluster.node_deletion_error, "the Node is not to be deleted", {}, {}};
    }
    if (request.path.starts_with(kNodes)) {
      response = node_request(cluster, request);
    } else if (request.path.ends_with("/eviction")) {
      response = evict(cluster, request.path);
    } else if (request.path.starts_with("/api/v1/pods?")) {
      response = pods_request(cluster, request);
    } else {
      response = object_request(cluster, request);
    }
  }
  if (request.method != "GET") changed(name);
  return response;
}

WorkloadResponse FakeWorkload::node_request(Cluster& cluster, const WorkloadRequest& request) {
  const std::string name = request.path.substr(kNodes.size());
  const auto found = cluster.nodes.find(name);
  if (found == cluster.nodes.end()) return failure(404, "NotFound", "no node " + name);
  if (request.method == "DELETE") {
    cluster.nodes.erase(found);
    return answer(200, Json::object());
  }
  if (request.method == "PATCH") {
    Json node = *found->second;
    auto patch = parse_json(request.body);
    if (!patch.ok()) return failure(400, "BadRequest", patch.error().message);
    merge_patch(node, *patch);
    found->second = std::make_shared<Json>(std::move(node));
  }
  return answer(200, *found->second);
}

WorkloadResponse FakeWorkload::pods_request(Cluster& cluster, const WorkloadRequest& request) {
  const std::string marker = "spec.nodeName%3D";
  const size_t at = request.path.find(marker) + marker.size();
  const std::string node = request.path.substr(at, request.path.find('&', at) - at);
  Json items = Json::array();
  for (const auto& [name, pod] : cluster.pods) {
    if (get_string(pod, {"spec", "nodeName"}) == node) items.push_back(pod);
  }
  return answer(200, {{"kind", "PodList"}, {"metadata", Json::object()}, {"items", items}});
}

WorkloadResponse FakeWorkload::evict(Cluster& cluster, const std::string& path) {
  const auto parts = split(path, '/');  // "", api, v1, namespaces, NS, pods, NAME, eviction
  const std::string name = parts[4] + "/" + parts[6];
  if (!cluster.pods.contains(name)) return failure(404, "NotFound", "no pod " + name);
  if (cluster.protected_pods.contains(name)) {
    return failure(429, "TooManyRequests",
                   "Cannot evict pod as it would violate the pod's disruption budget.");
  }
  cluster.pods.erase(name);
  return answer(201, Json::object());
}

WorkloadResponse FakeWorkload::object_request(Cluster& cluster, const WorkloadRequest& request) {
  const std::string path = request.path.substr(0, request.path.find('?'));
  if (request.method == "GET") {
    if (cluster.objects.contains(path)) return answer(200, cluster.objects[path]);
    if (path.ends_with("attachments")) return answer(200, {{"items", Json::array()}});
    return failure(404, "NotFound", "nothing at " + path);
  }
  auto body = parse_json(request.body);
  if (!body.ok()) return failure(400, "BadRequest", body.error().message);
  if (request.method == "POST") {
    const std::string object_path = path + "/" + get_string(*body, {"metadata", "name"});
    if (cluster.objects.contains(object_path)) {
      return failure(409, "AlreadyExists", object_path + " exists");
    }
    cluster.objects[object_path] = *body;
    return answer(201, *body);
  }
  cluster.objects[path] = *body;
  return answer(200, *body);
}

Result<WorkloadResponse> FakeWorkload::pod_request(const ClusterName& cluster, const PodRequest&) {
  return Error::unavailable(cluster.name + ": pods cannot be asked");
}

Result<std::vector<std::shared_ptr<const Json>>> FakeWorkload::nodes(const ClusterName& name) {
  const std::scoped_lock lock(mutex_);
  Cluster& cluster = clusters_[name];
  if (!cluster.ever_connected) return Error::failed_precondition(name.name + ": no kubeconfig");
  if (!cluster.connected) return Error::unavailable(name.name + ": not reached");
  std::vector<std::shared_ptr<const Json>> all;
  for (const auto& [node_name, node] : cluster.nodes) all.push_back(node);
  return all;
}

void FakeWorkload::on_change(std::function<void(const ClusterName&)> callback) {
  const std::scoped_lock lock(mutex_);
  callback_ = std::move(callback);
}

void FakeWorkload::forget(const ClusterName& cluster) {
  const std::scoped_lock lock(mutex_);
  clusters_.erase(cluster);
}

}  // namespace capstan::lifecycle
