// A Docker Engine that only pretends, for tests: it keeps containers, networks and images, answers
// as the real one does, and runs no program.
//
// Thread safety: all members from any thread, but for those that a test sets beforehand.
//
// Example:
//   FakeEngine engine;
//   engine.images.insert("capstan/node:v1.34.2");
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "plugins/docker/client/containers.h"
#include "plugins/docker/client/tar.h"
#include "plugins/docker/client/transport.h"

namespace capstan::docker {

class FakeEngine : public EngineTransport {
 public:
  struct FakeContainer {
    std::string id = {};
    std::string name = {};
    std::string state = "created";
    std::string address = {};
    Json config = {};
    std::map<std::string, std::string> files = {};  // by absolute path
    std::set<std::string> folders = {};
    std::vector<std::string> signals = {};
    int runs = 0;  // bootstrap scripts that went on
  };
  struct FakeNetwork {
    std::string id;
    Json labels = Json::object();
    Json ranges = Json::array({{{"Subnet", "10.0.0.0/24"}}});
    Json options = Json::object();
  };

  std::set<std::string> images;
  std::map<std::string, FakeContainer> containers;  // by id
  std::map<std::string, FakeNetwork> networks;      // by name
  std::vector<std::string> requests;                // "POST /containers/create"
  bool allows_privileged = true;
  std::string pull_error;  // of the registry, "" lets pulls succeed
  // What a script that was started does; by default it ends well at once.
  std::function<void(FakeContainer&)> on_bootstrap;

  Expected<EngineResponse> send(const EngineRequest& request) override;
  Expected<EngineResponse> stream(const EngineRequest& request, const ChunkSink& sink) override;
  std::string host() const override { return "fake://engine"; }

  FakeContainer* named(const std::string& name);

 private:
  struct Target {
    std::string path;
    std::map<std::string, std::string> query;
  };
  static Target split(const std::string& path);
  EngineResponse answer(const EngineRequest& request);
  EngineResponse on_containers(const EngineRequest& request, const Target& target);
  EngineResponse on_container(const EngineRequest& request, const Target& target,
                              const std::string& id, const std::string& action);
  EngineResponse on_networks(const EngineRequest& request, const Target& target);
  EngineResponse on_images(const EngineRequest& request, const Target& target);
  std::string free_address(const std::string& network) const;
  EngineResponse create(const EngineRequest& request, const Target& target);
  EngineResponse start(FakeContainer& container);
  EngineResponse archive(const EngineRequest& request, const Target& target,
                         FakeContainer& container);
  EngineResponse run(const std::string& exec);
  Json describe(const FakeContainer& container) const;
  bool matches(const FakeContainer& container, const Json& filters) const;

  std::mutex mutex_;
  std::map<std::string, std::string> execs_;  // container id by exec id
  int next_ = 0;
};

}  // namespace capstan::docker
