#include "plugins/memory/etcd_members.h"

#include <algorithm>

#include "runtime/base/text.h"

namespace capstan::memory {
namespace {

constexpr const char* kRevision = "1";
constexpr const char* kNoLeader = "0";

// gRPC's codes, as the gateway tells them.
std::pair<int, Json> failure(int http, int code, const std::string& message) {
  return {http, {{"error", message}, {"code", code}, {"message", message}}};
}

// IDs come as text, as JSON has no whole 64 bits, or as numbers.
std::string id_in(const Json& body, const char* field) {
  const Json* id = find(body, {field});
  if (id == nullptr) return "";
  if (id->is_string()) return id->get<std::string>();
  return id->is_number_unsigned() ? std::to_string(id->get<uint64_t>()) : "";
}

}  // namespace

void EtcdMembers::add(const std::string& node, const std::string& uid) {
  const std::scoped_lock lock(mutex_);
  if (removed_.contains(node) || find_member(node) != nullptr) return;
  members_.push_back({node, std::to_string(fnv1a(uid + "/etcd") | 1), MemberState::kRunning});
  elect();
}

void EtcdMembers::set_state(const std::string& node, MemberState state) {
  const std::scoped_lock lock(mutex_);
  for (Member& member : members_) {
    if (member.node == node) member.state = state;
  }
  elect();
}

void EtcdMembers::forget(const std::string& node) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(members_, [&](const Member& member) { return member.node == node; });
  removed_.erase(node);
  elect();
}

bool EtcdMembers::has(const std::string& node) const {
  const std::scoped_lock lock(mutex_);
  return find_member(node) != nullptr;
}

bool EtcdMembers::was_removed(const std::string& node) const {
  const std::scoped_lock lock(mutex_);
  return removed_.contains(node);
}

void EtcdMembers::mark_removed(const std::string& node) {
  const std::scoped_lock lock(mutex_);
  removed_.insert(node);
}

std::vector<std::string> EtcdMembers::take_newly_removed() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(newly_removed_, {});
}

std::pair<int, Json> EtcdMembers::answer(const std::string& node, const std::string& path,
                                         const Json& body) {
  const std::scoped_lock lock(mutex_);
  const Member* found = find_member(node);
  if (found == nullptr || found->state == MemberState::kStopped) {
    return failure(503, 14, "etcdserver: server stopped");
  }
  const Member self = *found;
  if (path == "/v3/maintenance/status") return status(self);
  if (leader_ == kNoLeader) return failure(503, 14, "etcdserver: no leader");
  if (path == "/v3/cluster/member/list") return list(self);
  if (path == "/v3/cluster/member/remove") return remove(self, body);
  if (path == "/v3/maintenance/transfer-leadership") return move_leader(self, body);
  if (path == "/v3/maintenance/alarm") return alarms(self);
  return failure(404, 5, "Not Found");
}

std::pair<int, Json> EtcdMembers::list(const Member& self) const {
  Json members = Json::array();
  for (const Member& member : members_) {
    members.push_back({{"ID", member.id},
                       {"name", member.node},
                       {"peerURLs", Json::array({"https://" + member.node + ":2380"})},
                       {"clientURLs", Json::array({"https://" + member.node + ":2379"})}});
  }
  return {200, {{"header", header(self)}, {"members", std::move(members)}}};
}

std::pair<int, Json> EtcdMembers::remove(const Member& self, const Json& body) {
  const std::string id = id_in(body, "ID");
  const auto member =
      std::find_if(members_.begin(), members_.end(), [&](const Member& m) { return m.id == id; });
  if (member == members_.end()) return failure(404, 5, "etcdserver: member not found");
  removed_.insert(member->node);
  newly_removed_.push_back(member->node);
  members_.erase(member);
  elect();
  auto [status, answer] = list(self);
  return {status, std::move(answer)};
}

std::pair<int, Json> EtcdMembers::status(const Member& self) const {
  return {200,
          {{"header", header(self)},
           {"version", "3.6.5"},
           {"dbSize", "20480"},
           {"dbSizeInUse", "16384"},
           {"leader", leader_},
           {"raftIndex", kRevision},
           {"raftAppliedIndex", kRevision},
           {"raftTerm", std::to_string(term_)}}};
}

std::pair<int, Json> EtcdMembers::alarms(const Member& self) const {
  Json alarms = Json::array();
  for (const Member& member : members_) {
    if (member.state != MemberState::kFull) continue;
    alarms.push_back({{"memberID", member.id}, {"alarm", "NOSPACE"}});
  }
  return {200, {{"header", header(self)}, {"alarms", std::move(alarms)}}};
}

std::pair<int, Json> EtcdMembers::move_leader(const Member& self, const Json& body) {
  if (self.id != leader_) return failure(400, 9, "etcdserver: not leader");
  const std::string target = id_in(body, "targetID");
  const bool known = std::any_of(members_.begin(), members_.end(), [&](const Member& m) {
    return m.id == target && m.state != MemberState::kStopped;
  });
  if (!known) return failure(400, 9, "etcdserver: bad leader transferee");
  leader_ = target;
  ++term_;
  return {200, {{"header", header(self)}}};
}

Json EtcdMembers::header(const Member& self) const {
  return {{"cluster_id", "1"},
          {"member_id", self.id},
          {"revision", kRevision},
          {"raft_term", std::to_string(term_)}};
}

const EtcdMembers::Member* EtcdMembers::find_member(const std::string& node) const {
  const auto member = std::find_if(members_.begin(), members_.end(),
                                   [&](const Member& m) { return m.node == node; });
  return member == members_.end() ? nullptr : &*member;
}

// The leader stays while it runs; then the oldest member that does follows.
void EtcdMembers::elect() {
  const auto runs = [](const Member& member) { return member.state != MemberState::kStopped; };
  const auto running = std::count_if(members_.begin(), members_.end(), runs);
  const bool majority = static_cast<size_t>(running) > members_.size() / 2;
  const bool stays = std::any_of(members_.begin(), members_.end(),
                                 [&](const Member& m) { return m.id == leader_ && runs(m); });
  if (majority && stays) return;
  const auto next = std::find_if(members_.begin(), members_.end(), runs);
  leader_ = majority ? next->id : kNoLeader;
  ++term_;
}

}  // namespace capstan::memory
