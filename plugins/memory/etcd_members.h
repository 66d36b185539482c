// The members of a pretended etcd, and its JSON gateway as far as control planes are managed
// through it.
//
// Thread safety: all members from any thread.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/json.h"

namespace capstan::memory {

// How a member that is in the list does.
enum class MemberState {
  kRunning,
  kStopped,  // answers nobody, and counts as lost
  kFull,     // has the alarm NOSPACE
};

class EtcdMembers {
 public:
  // A member that was removed does not come back.
  void add(const std::string& node, const std::string& uid);
  // Nothing happens where the node has no member.
  void set_state(const std::string& node, MemberState state);
  // The machine is gone.
  void forget(const std::string& node);
  bool has(const std::string& node) const;
  bool was_removed(const std::string& node) const;
  // A removal that is known from before a restart.
  void mark_removed(const std::string& node);
  // The nodes of members that were removed since the last call.
  std::vector<std::string> take_newly_removed();

  // The answer of the member on `node` to a POST: HTTP status and body. Removing a member takes its
  // leadership to another one. Without a majority that runs there is no leader, and only the status
  // is told.
  std::pair<int, Json> answer(const std::string& node, const std::string& path, const Json& body);

 private:
  struct Member {
    std::string node;
    std::string id;  // a number of 64 bits, as text
    MemberState state = MemberState::kRunning;
  };
  std::pair<int, Json> list(const Member& self) const;
  std::pair<int, Json> remove(const Member& self, const Json& body);
  std::pair<int, Json> status(const Member& self) const;
  std::pair<int, Json> alarms(const Member& self) const;
  std::pair<int, Json> move_leader(const Member& self, const Json& body);
  Json header(const Member& self) const;
  const Member* find_member(const std::string& node) const;
  void elect();

  mutable std::mutex mutex_;
  std::vector<Member> members_;
  std::set<std::string> removed_;  // nodes
  std::vector<std::string> newly_removed_;
  std::string leader_;  // a member's id; "0" while there is none
  uint64_t term_ = 2;
};

}  // namespace capstan::memory
