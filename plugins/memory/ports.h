// Which address and port is whose: a cluster's API server keeps its own for as long as its
// DevCluster lives, over restarts too, as it stands in spec.controlPlaneEndpoint.
//
// Each cluster has an address of 127.0.0.0/8 of its own: while nobody listens on a port, because
// the program was killed or the API server is yet to start, a pretended cluster of another program
// does not take it.
//
// Thread safety: all members from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "runtime/base/result.h"

namespace capstan::memory {

// Below the range from which Linux takes the ports of outgoing connections, which could be on a
// port when its API server starts.
struct PortRange {
  uint16_t first = 20000;
  uint16_t last = 29999;
};

// The owner's address, always the same for the same owner; never one of 127.0.0.0/16, which people
// use themselves.
std::string loopback_address(const std::string& owner);

class Ports {
 public:
  void set_range(PortRange range);
  // A port that neither another owner has nor another program listens on now at the owner's
  // address; the owner's own where it has one. Errors: kResourceExhausted.
  Result<uint16_t> take(const std::string& owner);
  // The port that is stored for the owner.
  void keep(const std::string& owner, uint16_t port);
  void release(const std::string& owner);

 private:
  std::mutex mutex_;
  PortRange range_;
  std::map<std::string, uint16_t> by_owner_;
  std::map<uint16_t, std::string> by_port_;
};

}  // namespace capstan::memory
