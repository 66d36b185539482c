// Containers of the engine: what a machine and a load balancer are.
//
// Thread safety: as Engine.
//
// Example:
//   for (const auto& found : CAPSTAN_TRY(list_containers(engine, {{"capstan.dev/uid", uid}}))) ...
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plugins/docker/client/engine.h"

namespace capstan::docker {

using Labels = std::map<std::string, std::string>;

struct Container {
  std::string id = {};
  std::string name = {};
  std::string image = {};
  std::string state = {};   // created, running, paused, restarting, removing, exited or dead
  std::string status = {};  // for people: "Exited (1) 5 minutes ago"; only when listed
  Labels labels = {};
  std::map<std::string, std::string> addresses = {};      // by the network's name
  std::map<std::string, std::string> ip6_addresses = {};  // likewise, where there are any
  std::map<std::string, int> published = {};              // host ports by "6443/tcp"

  std::string label(const std::string& name) const {
    const auto found = labels.find(name);
    return found == labels.end() ? "" : found->second;
  }
  // On that network; "" where it has none (yet).
  std::string address(const std::string& network) const {
    const auto found = addresses.find(network);
    return found == addresses.end() ? "" : found->second;
  }
};

// Those that have all the labels, running or not; on that network only, unless it is "".
Expected<std::vector<Container>> list_containers(Engine& engine, const Labels& labels,
                                                 const std::string& network = "");
// By id or name; nothing where there is none.
Expected<std::optional<Container>> inspect_container(Engine& engine, const std::string& id);
// Returns the id. Errors: kConflict where the name is taken, kNotFound where the image is not
// there.
Expected<std::string> create_container(Engine& engine, const std::string& name, const Json& config);
// Whether the engine still makes a container of that name, for a request whose answer was lost: it
// keeps the name from others and shows nothing yet. Asked by making one that is removed at once; it
// has the labels, so that it is found should that be interrupted. What stands there with another
// uid than theirs is somebody else's and no reason to wait.
Expected<bool> is_being_made(Engine& engine, const std::string& name, const std::string& image,
                             const Labels& labels);
// What runs already is fine.
Status start_container(Engine& engine, const std::string& id);
// With its anonymous volumes; what is gone already is fine.
Status remove_container(Engine& engine, const std::string& id);
Status signal_container(Engine& engine, const std::string& id, const std::string& signal);

// Unpacks a tar archive into an existing folder. Not for what is on a tmpfs: the engine sees the
// image's layers and the volumes only.
Status write_archive(Engine& engine, const std::string& id, const std::string& folder,
                     std::string tar);
// The file or folder as a tar archive; nothing where there is none.
Expected<std::optional<std::string>> read_archive(Engine& engine, const std::string& id,
                                                  const std::string& path);
// Starts a program in the container and does not wait for it.
Status run_detached(Engine& engine, const std::string& id, const std::vector<std::string>& command);

}  // namespace capstan::docker
