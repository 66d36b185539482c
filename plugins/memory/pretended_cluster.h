// One pretended workload cluster: the objects that its API server shows, the API server itself once
// a control-plane machine has started it, and the members of its etcd.
//
// Thread safety: all members from any thread but the event loop's.
// Lifetime: what Ground refers to outlives the cluster.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "plugins/memory/api_objects.h"
#include "plugins/memory/etcd_members.h"
#include "runtime/api/api_server.h"
#include "runtime/resource/resource_service.h"

namespace capstan::memory {

class PodTls;

// What all clusters share.
struct Ground {
  EventLoop& loop;
  KindRegistry& kinds;
  Clock& clock;
  Random& random;
  std::shared_ptr<SchemaCache> schemas;
};

struct ClusterId {
  std::string ns;
  std::string name;
  auto operator<=>(const ClusterId&) const = default;
};

// Where the API server listens and who it believes.
struct ApiServerPlace {
  std::string address;
  uint16_t port = 0;
  KeyPair authority;  // the cluster's
};

class PretendedCluster {
 public:
  // Errors: those of the store, which keeps nothing outside memory.
  static Result<std::unique_ptr<PretendedCluster>> create(const Ground& ground, ClusterId id);
  ~PretendedCluster();

  // Each is done at most once a machine, however often it is called.
  Result<void> add_node(const PretendedMachine& machine, Instant since);
  Result<void> add_etcd(const PretendedMachine& machine, const KeyPair& authority, Instant since);
  // Errors: kUnavailable where another program has the port (its message names what to do);
  // kInvalid where the authority is unusable.
  Result<void> add_api_server(const PretendedMachine& machine, const ApiServerPlace& place,
                              Instant since);
  // Its static pods and its etcd member; the Node is Cluster API's to delete.
  void remove_machine(const std::string& name);

  bool has_node(const std::string& name) const;
  bool has_etcd(const std::string& name) const;
  bool has_api_server(const std::string& name) const;
  EtcdMembers& etcd() { return etcd_; }
  // Called on the event loop's thread with the node of a member that was removed.
  void on_member_removed(std::function<void(const std::string& node)> callback);

  // Ends the API server; nothing new comes in afterwards. What runs on the loop's workers still
  // uses the cluster.
  void close();

 private:
  struct Parts {
    bool node = false;
    bool etcd = false;
    bool api_server = false;
  };
  PretendedCluster(const Ground& ground, ClusterId id);

  Result<void> add_objects(std::vector<Json> objects);
  void remove_object(const ObjectKey& key);
  Result<void> listen(const PretendedMachine& machine, const ApiServerPlace& place, Instant since);
  std::vector<ApiRoute> routes();
  void forward_port(const HttpExchangePtr& exchange, const RouteRequest& request);
  Result<std::shared_ptr<HttpTunnel>> open_port(const std::string& pod, std::string_view port);
  Result<std::shared_ptr<HttpTunnel>> open_etcd(const std::string& node);
  void tell_removed_members();

  const Ground ground_;
  const ClusterId id_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<WatchCache> cache_;
  std::unique_ptr<ResourceService> service_;
  EtcdMembers etcd_;

  mutable std::mutex mutex_;  // what follows
  std::map<std::string, Parts> machines_;
  KeyPair etcd_authority_;
  std::map<std::string, std::shared_ptr<PodTls>> etcd_tls_;  // by node, made on first use
  std::shared_ptr<PodTls> api_server_tls_;                   // one certificate for all
  std::function<void(const std::string&)> on_member_removed_;
  std::unique_ptr<ApiServer> server_;
};

}  // namespace capstan::memory
