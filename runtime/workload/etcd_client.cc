#include "runtime/workload/etcd_client.h"

#include <charconv>

#include "runtime/workload/http_status.h"

namespace capstan {
namespace {

// The gateway writes 64-bit numbers as strings and leaves zeros out.
template <typename Number>
Number number_of(const Json& object, const char* name) {
  const Json* value = find(object, {name});
  if (value == nullptr) return 0;
  if (value->is_number_integer()) return value->get<Number>();
  if (!value->is_string()) return 0;
  const std::string& text = value->get_ref<const std::string&>();
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::vector<std::string> strings_of(const Json& object, const char* name) {
  std::vector<std::string> strings;
  const Json* value = find(object, {name});
  if (value == nullptr || !value->is_array()) return strings;
  for (const Json& item : *value) {
    if (item.is_string()) strings.push_back(item.get<std::string>());
  }
  return strings;
}

}  // namespace

Result<Json> EtcdClient::post(const std::string& path, const Json& body) {
  PodRequest request = member_;
  request.request.method = "POST";
  request.request.path = path;
  request.request.body = dump_json(body);
  const WorkloadResponse response = TRY(clusters_.pod_request(cluster_, request));
  const std::string where = "etcd in pod " + member_.ns + "/" + member_.pod + ": " + path;
  if (response.status != 200) {
    return http_status_error(response.status, response.body).with_context(where);
  }
  auto reply = parse_json(response.body);
  if (reply.ok()) return reply;
  return Error::unavailable(where + ": the answer is no JSON");
}

Result<std::vector<EtcdMember>> EtcdClient::members() {
  const Json reply = TRY(post("/v3/cluster/member/list", Json::object()));
  std::vector<EtcdMember> members;
  const Json* list = find(reply, {"members"});
  if (list == nullptr || !list->is_array()) {
    return Error::unavailable("etcd in pod " + member_.ns + "/" + member_.pod +
                              ": the answer has no members");
  }
  for (const Json& item : *list) {
    members.push_back({number_of<uint64_t>(item, "ID"), get_string(item, {"name"}),
                       strings_of(item, "peerURLs"), strings_of(item, "clientURLs"),
                       get_bool(item, {"isLearner"})});
  }
  return members;
}

Result<void> EtcdClient::remove_member(uint64_t id) {
  TRY(post("/v3/cluster/member/remove", {{"ID", std::to_string(id)}}));
  return {};
}

Result<EtcdStatus> EtcdClient::status() {
  const Json reply = TRY(post("/v3/maintenance/status", Json::object()));
  EtcdStatus status;
  const Json* header = find(reply, {"header"});
  if (header != nullptr) status.member = number_of<uint64_t>(*header, "member_id");
  status.leader = number_of<uint64_t>(reply, "leader");
  status.version = get_string(reply, {"version"});
  status.db_size = number_of<int64_t>(reply, "dbSize");
  status.errors = strings_of(reply, "errors");
  return status;
}

Result<void> EtcdClient::transfer_leadership(uint64_t to) {
  TRY(post("/v3/maintenance/transfer-leadership", {{"targetID", std::to_string(to)}}));
  return {};
}

}  // namespace capstan
