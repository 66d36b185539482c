// What stands in for a cloud: servers in memory, found by a tag.
//
// Thread safety: all members from any thread.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace hello {

struct Server {
  std::string id;
  std::string address;
  bool running = false;  // a server needs one look to start
  std::string greeting;
};

class HelloCloud {
 public:
  // Starts what was made before, as a real cloud does meanwhile.
  std::optional<Server> find(const std::string& tag) {
    const std::lock_guard lock(mutex_);
    const auto found = servers_.find(tag);
    if (found == servers_.end()) return std::nullopt;
    Server seen = found->second;
    found->second.running = true;
    return seen;
  }
  void create(const std::string& tag, const std::string& greeting) {
    const std::lock_guard lock(mutex_);
    const std::string number = std::to_string(++last_);
    servers_[tag] = {"server-" + number, "10.0.0." + number, false, greeting};
  }
  void remove(const std::string& tag) {
    const std::lock_guard lock(mutex_);
    servers_.erase(tag);
  }

 private:
  std::mutex mutex_;
  std::map<std::string, Server> servers_;
  int last_ = 0;
};

}  // namespace hello
