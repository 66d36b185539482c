#include "runtime/workload/node_cache.h"

#include <utility>

namespace capstan {
namespace {

// Equal but for the resourceVersion, which moves with heartbeats too.
bool same_to_controllers(const Json& left, const Json& right) {
  if (left.size() != right.size()) return false;
  for (const auto& [name, value] : left.items()) {
    const auto other = right.find(name);
    if (other == right.end()) return false;
    if (name != "metadata") {
      if (value != *other) return false;
      continue;
    }
    Json a = value, b = *other;
    a.erase("resourceVersion");
    b.erase("resourceVersion");
    if (a != b) return false;
  }
  return true;
}

void drop_heartbeats(Json& status) {
  const auto conditions = status.find("conditions");
  if (conditions == status.end() || !conditions->is_array()) return;
  for (Json& condition : *conditions) {
    if (condition.is_object()) condition.erase("lastHeartbeatTime");
  }
}

Json keep_members(Json& from, std::initializer_list<const char*> members) {
  Json kept = Json::object();
  for (const char* member : members) {
    const auto found = from.find(member);
    if (found != from.end()) kept[member] = std::move(*found);
  }
  return kept;
}

// What a server sends and is no JSON is its failure, not a caller's.
Result<Json> parse_answer(std::string_view text) {
  auto answer = parse_json(text);
  if (answer.ok()) return answer;
  return Error::unavailable("the answer is no JSON: " + answer.error().message);
}

std::string node_name(const Json& node) {
  return get_string(node, {"metadata", "name"});
}

Error reported(const Json& status) {
  const int64_t code = get_int(status, {"code"});
  const std::string message = get_string(status, {"message"}, "no reason given");
  if (code == 410) return {Code::kExpired, message, {}, {}};
  return Error::unavailable("the watch failed with status " + std::to_string(code) + ": " +
                            message);
}

}  // namespace

Json slim_node(Json node) {
  if (!node.is_object()) return Json::object();
  Json slim = keep_members(node, {"apiVersion", "kind", "metadata", "spec", "status"});
  slim["apiVersion"] = "v1";  // lists leave both out
  slim["kind"] = "Node";
  if (const auto metadata = slim.find("metadata");
      metadata != slim.end() && metadata->is_object()) {
    metadata->erase("managedFields");
  }
  if (const auto status = slim.find("status"); status != slim.end() && status->is_object()) {
    *status = keep_members(*status,
                           {"conditions", "nodeInfo", "addresses", "capacity", "volumesAttached"});
    drop_heartbeats(*status);
  }
  return slim;
}

Result<std::string> NodeCache::put_page(std::string_view text) {
  Json list = TRY(parse_answer(text));
  const auto items = list.is_object() ? list.find("items") : list.end();
  if (!list.is_object() || (items != list.end() && !items->is_array() && !items->is_null())) {
    return Error::unavailable("the answer is no list of Nodes");
  }
  if (!std::exchange(paging_, true)) page_nodes_.clear();
  if (items != list.end() && items->is_array()) {
    for (Json& item : *items) {
      auto node = std::make_shared<const Json>(slim_node(std::move(item)));
      std::string name = node_name(*node);
      page_nodes_[std::move(name)] = std::move(node);
    }
  }
  const std::string next = get_string(list, {"metadata", "continue"});
  if (!next.empty()) return next;
  const std::string version = get_string(list, {"metadata", "resourceVersion"});
  if (version.empty()) return Error::unavailable("the list of Nodes has no resourceVersion");
  list_changed_ = nodes_.size() != page_nodes_.size() ||
                  !std::equal(nodes_.begin(), nodes_.end(), page_nodes_.begin(),
                              [](const auto& left, const auto& right) {
                                return left.first == right.first &&
                                       same_to_controllers(*left.second, *right.second);
                              });
  nodes_ = std::exchange(page_nodes_, {});
  paging_ = false;
  resource_version_ = version;
  return std::string();
}

Result<bool> NodeCache::apply(std::string_view line) {
  Json event = TRY(parse_answer(line));
  const std::string type = get_string(event, {"type"});
  const auto object = event.is_object() ? event.find("object") : event.end();
  if (!event.is_object() || object == event.end() || !object->is_object()) {
    return Error::unavailable("a watch event has no object");
  }
  if (type == "ERROR") return reported(*object);
  const std::string version = get_string(*object, {"metadata", "resourceVersion"});
  if (!version.empty()) resource_version_ = version;
  if (type == "BOOKMARK") return false;
  const std::string name = node_name(*object);
  if (type == "DELETED") return nodes_.erase(name) > 0;
  if (type != "ADDED" && type != "MODIFIED") return false;
  auto node = std::make_shared<const Json>(slim_node(std::move(*object)));
  NodePtr& kept = nodes_[name];
  const bool changed = !kept || !same_to_controllers(*kept, *node);
  kept = std::move(node);
  return changed;
}

void NodeCache::forget_version() {
  resource_version_.clear();
  paging_ = false;
}

std::vector<NodePtr> NodeCache::nodes() const {
  std::vector<NodePtr> nodes;
  nodes.reserve(nodes_.size());
  for (const auto& [name, node] : nodes_) nodes.push_back(node);
  return nodes;
}

}  // namespace capstan
