#include "plugins/kubeadm/control_plane/etcd.h"

#include "plugins/kubeadm/names.h"
#include "plugins/kubeadm/secrets.h"

namespace capstan::kubeadm {
namespace {

using sdk::Error;
using sdk::Expected;
using sdk::find_at;
using sdk::string_at;

constexpr int kEtcdPort = 2379;
constexpr int kTimeoutMs = 5000;

}  // namespace

Expected<Etcd> Etcd::connect(ControlPlane& plane) {
  Etcd etcd(plane);
  const Json authority = CAPSTAN_TRY(
      plane.host.objects().get("v1", "Secret", plane.ns, secret_name(plane.cluster_name, "etcd")));
  etcd.ca_ = CAPSTAN_TRY(secret_value(authority, "tls.crt"));
  const Json client =
      CAPSTAN_TRY(plane.host.pki().run({{"op", "issue"},
                                        {"caCertificate", etcd.ca_},
                                        {"caKey", CAPSTAN_TRY(secret_value(authority, "tls.key"))},
                                        {"algorithm", "ECDSA-P256"},
                                        {"commonName", "capstan"},
                                        {"usages", {"client"}},
                                        {"days", 1}}));
  etcd.certificate_ = string_at(client, "certificate");
  etcd.key_ = string_at(client, "key");
  return etcd;
}

Expected<Json> Etcd::call(const std::string& node, const std::string& path, const Json& body) {
  const sdk::HttpAnswer answer =
      CAPSTAN_TRY(plane_.host.workload().pod_request(plane_.ns, plane_.cluster_name,
                                                     {{"method", "POST"},
                                                      {"path", path},
                                                      {"body", sdk::dump_json(body)},
                                                      {"timeoutMs", kTimeoutMs},
                                                      {"podNamespace", "kube-system"},
                                                      {"pod", "etcd-" + node},
                                                      {"port", kEtcdPort},
                                                      {"serverName", node},
                                                      {"ca", ca_},
                                                      {"certificate", certificate_},
                                                      {"key", key_}}));
  if (answer.status != 200) {
    return Error::unavailable("etcd on node " + node + " answered HTTP " +
                              std::to_string(answer.status) + ": " + answer.body.substr(0, 200));
  }
  return sdk::parse_json(answer.body);
}

Expected<std::vector<EtcdMember>> Etcd::members(const std::string& node) {
  const Json answer = CAPSTAN_TRY(call(node, "/v3/cluster/member/list", Json::object()));
  std::vector<EtcdMember> members;
  const Json* list = find_at(answer, "members");
  if (list == nullptr || !list->is_array()) return members;
  for (const Json& member : *list) {
    members.push_back(
        {string_at(member, "ID"), string_at(member, "name"), sdk::bool_at(member, "isLearner")});
  }
  return members;
}

sdk::Status Etcd::remove_member(const std::string& node, const std::string& member_id) {
  CAPSTAN_TRY(call(node, "/v3/cluster/member/remove", {{"ID", member_id}}));
  return {};
}

Expected<EtcdStatus> Etcd::status(const std::string& node) {
  const Json answer = CAPSTAN_TRY(call(node, "/v3/maintenance/status", Json::object()));
  EtcdStatus status;
  status.leader = string_at(answer, "leader");
  if (status.leader == "0") status.leader.clear();
  return status;
}

sdk::Status Etcd::move_leader(const std::string& leader_node, const std::string& to_member_id) {
  CAPSTAN_TRY(
      call(leader_node, "/v3/maintenance/transfer-leadership", {{"targetID", to_member_id}}));
  return {};
}

Expected<std::vector<EtcdAlarm>> Etcd::alarms(const std::string& node) {
  const Json answer = CAPSTAN_TRY(call(node, "/v3/maintenance/alarm", {{"action", "GET"}}));
  std::vector<EtcdAlarm> alarms;
  const Json* list = find_at(answer, "alarms");
  if (list == nullptr || !list->is_array()) return alarms;
  for (const Json& alarm : *list) {
    alarms.push_back({string_at(alarm, "memberID"), string_at(alarm, "alarm")});
  }
  return alarms;
}

}  // namespace capstan::kubeadm
