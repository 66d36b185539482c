// The ApiClient over HTTPS, by the connections that workload clusters are reached with.
#include <cstdlib>
#include <filesystem>
#include <map>

#include "runtime/base/text.h"
#include "runtime/cli/api_client.h"
#include "runtime/system/file.h"
#include "runtime/workload/connection_pool.h"
#include "runtime/yaml/yaml.h"

namespace capstan::cli {
namespace {

std::vector<std::string> default_places() {
  std::vector<std::string> places;
  if (const char* named = std::getenv("KUBECONFIG"); named != nullptr && *named != '\0') {
    for (const std::string& path : split(named, ':')) {
      if (!path.empty()) places.push_back(path);
    }
    return places;
  }
  const char* home = std::getenv("HOME");
  places.push_back((home == nullptr ? std::string() : std::string(home)) + "/.kube/config");
  return places;
}

Result<std::string> find_kubeconfig(const std::string& named) {
  if (!named.empty()) {
    if (std::filesystem::exists(named)) return named;
    return Error::not_found("there is no kubeconfig " + named);
  }
  const std::vector<std::string> places = default_places();
  for (const std::string& place : places) {
    if (std::filesystem::exists(place)) return place;
  }
  return Error::not_found("there is no kubeconfig at " + join(places, " or ") +
                          "; name one with --kubeconfig (a running server writes "
                          "admin.kubeconfig into its data directory)");
}

// The kubeconfig with the context that was asked for as its current one.
Result<Json> load(const ApiClientOptions& options) {
  const std::string path = TRY(find_kubeconfig(options.kubeconfig));
  Result<Json> parsed = parse_yaml(TRY(read_file(path)));
  if (!parsed.ok()) return std::move(parsed).error().with_context(path);
  Json config = *std::move(parsed);
  if (!config.is_object()) return Error::invalid(path + " is no kubeconfig");
  if (!options.context.empty()) config["current-context"] = options.context;
  return config;
}

Error status_error(const WorkloadResponse& response) {
  const Result<Json> body = parse_json(response.body);
  Error error;
  switch (response.status) {
    case 400:
    case 422:
      error.code = Code::kInvalid;
      break;
    case 401:
      error.code = Code::kUnauthenticated;
      break;
    case 403:
      error.code = Code::kPermissionDenied;
      break;
    case 404:
      error.code = Code::kNotFound;
      break;
    case 409:
      error.code = Code::kConflict;
      break;
    case 410:
      error.code = Code::kExpired;
      break;
    default:
      error.code = Code::kUnavailable;
      break;
  }
  if (body.ok() && get_string(*body, {"reason"}) == "AlreadyExists")
    error.code = Code::kAlreadyExists;
  error.message = body.ok() ? get_string(*body, {"message"}) : "";
  if (error.message.empty()) {
    error.message = "the server answered HTTP " + std::to_string(response.status);
  }
  return error;
}

class HttpApiClient final : public ApiClient {
 public:
  HttpApiClient(ClusterAccessPtr access, Duration timeout)
      : pool_(std::move(access), {}, clock_), timeout_(timeout) {}

  Result<Json> call(const std::string& method, const std::string& path, const std::string& body,
                    const std::string& content_type) override {
    const WorkloadResponse response = TRY(pool_.send({method, path, content_type, body, timeout_}));
    if (response.status >= 300) return status_error(response);
    return parse_json(response.body);
  }

  Result<std::string> text(const std::string& path) override {
    WorkloadResponse response = TRY(pool_.send({"GET", path, "", "", timeout_}));
    if (response.status >= 300) return status_error(response);
    return std::move(response.body);
  }

  Result<std::string> collection_path(const KindName& kind, const std::string& ns) override {
    if (!discovered_) TRY(discover());
    const auto found = resources_.find({kind.group, kind.kind});
    if (found == resources_.end()) {
      return Error::not_found("the server has no kind " + kind.kind + " in group \"" + kind.group +
                              "\"; `capstan get providers` shows what is enabled");
    }
    const Resource& resource = found->second;
    const std::string base = kind.group.empty() ? "/api/" + resource.version
                                                : "/apis/" + kind.group + "/" + resource.version;
    const bool in_namespace = resource.namespaced && !ns.empty();
    return base + (in_namespace ? "/namespaces/" + ns : "") + "/" + resource.plural;
  }

 private:
  struct Resource {
    std::string version;
    std::string plural;
    bool namespaced = true;
  };

  Result<void> discover() {
    TRY(discover_version("", "v1", "/api/v1"));
    const Json groups = TRY(get("/apis"));
    const Json* list = capstan::find(groups, {"groups"});
    if (list == nullptr || !list->is_array()) {
      return Error::unavailable("the server answers /apis with something else than API groups");
    }
    for (const Json& group : *list) {
      const std::string name = get_string(group, {"name"});
      const std::string version = get_string(group, {"preferredVersion", "version"});
      // One group that cannot be listed hides only its own kinds.
      const Result<void> listed = discover_version(name, version, "/apis/" + name + "/" + version);
      if (!listed.ok() && listed.code() != Code::kNotFound) return listed.error();
    }
    discovered_ = true;
    return {};
  }

  Result<void> discover_version(const std::string& group, const std::string& version,
                                const std::string& path) {
    const Json list = TRY(get(path));
    const Json* resources = capstan::find(list, {"resources"});
    if (resources == nullptr || !resources->is_array()) return {};
    for (const Json& resource : *resources) {
      const std::string plural = get_string(resource, {"name"});
      if (plural.find('/') != std::string::npos) continue;
      resources_[{group, get_string(resource, {"kind"})}] = {version, plural,
                                                             get_bool(resource, {"namespaced"})};
    }
    return {};
  }

  SystemClock clock_;
  ConnectionPool pool_;
  Duration timeout_;
  bool discovered_ = false;
  std::map<std::pair<std::string, std::string>, Resource> resources_;
};

}  // namespace

Result<std::unique_ptr<ApiClient>> make_api_client(const ApiClientOptions& options) {
  const Json config = TRY(load(options));
  Result<Kubeconfig> parsed = parse_kubeconfig(dump_yaml(config));
  if (!parsed.ok()) {
    return std::move(parsed).error().with_context(TRY(find_kubeconfig(options.kubeconfig)));
  }
  const Kubeconfig kubeconfig = *std::move(parsed);
  TlsSettings tls{
      kubeconfig.ca_pem, kubeconfig.certificate_pem, kubeconfig.key_pem,
      kubeconfig.tls_server_name.empty() ? kubeconfig.address.host : kubeconfig.tls_server_name,
      !kubeconfig.insecure_skip_tls_verify};
  auto access = std::make_shared<ClusterAccess>();
  access->cluster = {"", "server"};
  access->address = kubeconfig.address;
  access->token = kubeconfig.token;
  access->tls = TRY(TlsIdentity::create(tls));
  return std::unique_ptr<ApiClient>(
      std::make_unique<HttpApiClient>(std::move(access), options.timeout));
}

Result<std::string> context_namespace(const ApiClientOptions& options) {
  const Json config = TRY(load(options));
  const std::string current = get_string(config, {"current-context"});
  const Json* contexts = find(config, {"contexts"});
  if (contexts != nullptr && contexts->is_array()) {
    for (const Json& context : *contexts) {
      if (get_string(context, {"name"}) == current) {
        return get_string(context, {"context", "namespace"}, "default");
      }
    }
  }
  return std::string("default");
}

}  // namespace capstan::cli
