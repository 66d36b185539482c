#include "plugins/docker/testing/fake_engine.h"

namespace capstan::docker {
namespace {

using sdk::Error;
using sdk::find_at;
using sdk::string_at;

EngineResponse json(const Json& body, int status = 200) {
  return {status, body.dump()};
}
EngineResponse refuse(int status, const std::string& message) {
  return json({{"message", message}}, status);
}
EngineResponse nothing(int status = 204) {
  return {status, ""};
}

std::string decoded(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool starts_script(const FakeEngine::FakeContainer& container) {
  return container.files.contains("/var/lib/capstan/bootstrap/run.sh");
}

}  // namespace

FakeEngine::Target FakeEngine::split(const std::string& path) {
  Target out;
  const size_t mark = path.find('?');
  out.path = decoded(path.substr(0, mark));
  if (out.path.starts_with("/v1.")) out.path.erase(0, out.path.find('/', 1));
  for (size_t at = mark; at != std::string::npos;) {
    const size_t end = path.find('&', at + 1);
    const std::string part = path.substr(at + 1, end - at - 1);
    const size_t equals = part.find('=');
    out.query[decoded(part.substr(0, equals))] = decoded(part.substr(equals + 1));
    at = end;
  }
  return out;
}

FakeEngine::FakeContainer* FakeEngine::named(const std::string& name) {
  for (auto& [id, container] : containers) {
    if (id == name || container.name == name) return &container;
  }
  return nullptr;
}

Expected<EngineResponse> FakeEngine::send(const EngineRequest& request) {
  const std::lock_guard lock(mutex_);
  requests.push_back(request.method + " " + split(request.path).path);
  return answer(request);
}

Expected<EngineResponse> FakeEngine::stream(const EngineRequest& request, const ChunkSink& sink) {
  EngineResponse response = CAPSTAN_TRY(send(request));
  if (response.status >= 300) return response;
  // In pieces that end anywhere.
  for (size_t at = 0; at < response.body.size(); at += 100) {
    if (!sink(std::string_view(response.body).substr(at, 100))) return Error::cancelled("ended");
  }
  return EngineResponse{response.status, ""};
}

EngineResponse FakeEngine::answer(const EngineRequest& request) {
  const Target target = split(request.path);
  if (target.path == "/version") return json({{"ApiVersion", "1.41"}, {"MinAPIVersion", "1.12"}});
  if (target.path.starts_with("/containers/")) return on_containers(request, target);
  if (target.path.starts_with("/networks")) return on_networks(request, target);
  if (target.path.starts_with("/images/")) return on_images(request, target);
  if (target.path.starts_with("/exec/")) {
    return run(target.path.substr(6, target.path.find('/', 6) - 6));
  }
  return refuse(404, "page not found");
}

EngineResponse FakeEngine::on_containers(const EngineRequest& request, const Target& target) {
  const std::string rest = target.path.substr(std::string("/containers/").size());
  if (rest == "create") return create(request, target);
  if (rest == "json") {
    Json list = Json::array();
    const Json filters = Json::parse(target.query.at("filters"));
    for (const auto& [id, container] : containers) {
      if (matches(container, filters)) list.push_back(describe(container));
    }
    return json(list);
  }
  const size_t slash = rest.find('/');
  return on_container(request, target, rest.substr(0, slash),
                      slash == std::string::npos ? "" : rest.substr(slash + 1));
}

bool FakeEngine::matches(const FakeContainer& container, const Json& filters) const {
  const Json& labels = container.config.at("Labels");
  for (const Json& wanted : filters.value("label", Json::array())) {
    const std::string text = wanted.get<std::string>();
    const size_t equals = text.find('=');
    if (labels.value(text.substr(0, equals), "") != text.substr(equals + 1)) return false;
  }
  const Json network = filters.value("network", Json::array());
  return network.empty() || network[0] == string_at(container.config, "HostConfig/NetworkMode");
}

Json FakeEngine::describe(const FakeContainer& container) const {
  const bool running = container.state == "running";
  const std::string network = string_at(container.config, "HostConfig/NetworkMode");
  return {{"Id", container.id},
          {"Names", {"/" + container.name}},
          {"Image", string_at(container.config, "Image")},
          {"State", container.state},
          {"Status", container.state},
          {"Labels", container.config.at("Labels")},
          {"NetworkSettings",
           {{"Networks", {{network, {{"IPAddress", running ? container.address : ""}}}}}}}};
}

// "172.18.0.7" on a network of 172.18.0.0/16.
std::string FakeEngine::free_address(const std::string& network) const {
  std::string subnet = "10.0.0.0/24";
  const auto found = networks.find(network);
  if (found != networks.end() && !found->second.ranges.empty()) {
    subnet = string_at(found->second.ranges.front(), "Subnet");
  }
  return subnet.substr(0, subnet.find_last_of('.') + 1) + std::to_string(next_);
}

EngineResponse FakeEngine::create(const EngineRequest& request, const Target& target) {
  const std::string name = target.query.at("name");
  FakeContainer container;
  container.config = Json::parse(request.body);
  if (named(name) != nullptr) {
    return refuse(409, "Conflict. The container name \"/" + name + "\" is already in use");
  }
  const std::string image = string_at(container.config, "Image");
  if (!images.contains(image)) return refuse(404, "No such image: " + image);
  container.id = "id-" + std::to_string(++next_);
  container.name = name;
  const std::string network = string_at(container.config, "HostConfig/NetworkMode");
  container.address = string_at(
      container.config, "NetworkingConfig/EndpointsConfig/" + network + "/IPAMConfig/IPv4Address",
      free_address(network));
  return json({{"Id", (containers[container.id] = container).id}}, 201);
}

EngineResponse FakeEngine::start(FakeContainer& container) {
  if (container.state == "running") return nothing(304);
  if (!networks.contains(string_at(container.config, "HostConfig/NetworkMode"))) {
    return refuse(404, "network not found");
  }
  if (sdk::bool_at(container.config, "HostConfig/Privileged") && !allows_privileged) {
    return refuse(500, "OCI runtime create failed: unable to apply caps: operation not permitted");
  }
  container.state = "running";
  return nothing();
}

EngineResponse FakeEngine::on_container(const EngineRequest& request, const Target& target,
                                        const std::string& id, const std::string& action) {
  FakeContainer* container = named(id);
  if (container == nullptr) return refuse(404, "No such container: " + id);
  if (request.method == "DELETE") {
    containers.erase(container->id);
    return nothing();
  }
  if (action == "start") return start(*container);
  if (action == "archive") return archive(request, target, *container);
  if (action == "kill") {
    if (container->state != "running") return refuse(409, "container is not running");
    container->signals.push_back(target.query.at("signal"));
    return nothing();
  }
  if (action == "exec") {
    const std::string exec = "exec-" + std::to_string(++next_);
    execs_[exec] = container->id;
    return json({{"Id", exec}}, 201);
  }
  if (action != "json") return refuse(404, "page not found");
  Json body = describe(*container);
  body["Name"] = "/" + container->name;
  body["State"] = {{"Status", container->state}};
  body["Config"] = {{"Labels", container->config["Labels"]}, {"Image", container->config["Image"]}};
  return json(body);
}

EngineResponse FakeEngine::archive(const EngineRequest& request, const Target& target,
                                   FakeContainer& container) {
  const std::string path = target.query.at("path");
  if (request.method == "PUT") {
    for (const TarEntry& entry : read_tar(request.body)) {
      const std::string full = path + "/" + entry.name;
      if (entry.folder) {
        container.folders.insert(full);
      } else {
        container.files[full] = entry.content;
      }
    }
    return nothing(200);
  }
  const std::string base = path.substr(path.rfind('/') + 1);
  std::vector<TarEntry> found;
  if (container.files.contains(path))
    found.push_back({.name = base, .content = container.files[path]});
  if (container.folders.contains(path)) found.push_back({.name = base, .folder = true});
  for (const std::string& folder : container.folders) {
    if (folder.starts_with(path + "/")) {
      found.push_back({.name = base + folder.substr(path.size()), .folder = true});
    }
  }
  for (const auto& [name, content] : container.files) {
    if (name.starts_with(path + "/")) {
      found.push_back({.name = base + name.substr(path.size()), .content = content});
    }
  }
  if (found.empty()) return refuse(404, "Could not find the file " + path);
  return {200, tar_archive(found)};
}

EngineResponse FakeEngine::run(const std::string& exec) {
  const auto found = execs_.find(exec);
  if (found == execs_.end()) return refuse(404, "No such exec instance: " + exec);
  FakeContainer& container = containers.at(found->second);
  const std::string state = "/var/lib/capstan/bootstrap/state";
  // As run.sh does: the first one goes on.
  if (!starts_script(container) || container.folders.contains(state + "/started"))
    return nothing(200);
  container.folders.insert(state + "/started");
  container.files[state + "/started-at"] = "1767225600";
  ++container.runs;
  if (on_bootstrap) {
    on_bootstrap(container);
  } else {
    container.files[state + "/exit-code"] = "0\n";
  }
  return nothing(200);
}

EngineResponse FakeEngine::on_networks(const EngineRequest& request, const Target& target) {
  if (request.method == "GET") {
    Json list = Json::array();
    for (const auto& [name, network] : networks) {
      list.push_back({{"Id", network.id},
                      {"Name", name},
                      {"Labels", network.labels},
                      {"IPAM", {{"Config", network.ranges}}}});
    }
    return json(list);
  }
  if (target.path == "/networks/create") {
    const Json body = Json::parse(request.body);
    const std::string name = string_at(body, "Name");
    if (networks.contains(name))
      return refuse(409, "network with name " + name + " already exists");
    networks[name] = {"net-" + std::to_string(++next_), body.at("Labels"),
                      body.at("IPAM").at("Config"), body.at("Options")};
    return json({{"Id", networks[name].id}}, 201);
  }
  const std::string id = target.path.substr(std::string("/networks/").size());
  for (const auto& [name, network] : networks) {
    if (network.id != id) continue;
    networks.erase(name);
    return nothing();
  }
  return refuse(404, "network " + id + " not found");
}

EngineResponse FakeEngine::on_images(const EngineRequest&, const Target& target) {
  if (target.path == "/images/create") {
    const std::string image = target.query.at("fromImage");
    const std::string begin = "{\"status\":\"Pulling fs layer\",\"id\":\"a1\"}\r\n";
    if (!pull_error.empty()) return {200, begin + Json({{"error", pull_error}}).dump() + "\r\n"};
    images.insert(image);
    return {200, begin + "{\"status\":\"Pull complete\",\"id\":\"a1\"}\r\n"};
  }
  const std::string rest = target.path.substr(std::string("/images/").size());
  const std::string image = rest.substr(0, rest.rfind('/'));
  if (!images.contains(image)) return refuse(404, "No such image: " + image);
  if (rest.ends_with("/get")) return {200, std::string(250, 'i')};
  return json({{"Id", "sha256:1"}});
}

}  // namespace capstan::docker
