#include "plugins/kubeadm/bootstrap/config_reconciler.h"

#include <capstan/provider.h>

#include <chrono>

#include "plugins/kubeadm/bootstrap/bootstrap_token.h"
#include "plugins/kubeadm/bootstrap/file_template.h"
#include "plugins/kubeadm/bootstrap/init_lock.h"
#include "plugins/kubeadm/bootstrap/kubeadm_documents.h"
#include "plugins/kubeadm/certificate_pairs.h"
#include "plugins/kubeadm/names.h"
#include "plugins/kubeadm/old_conditions.h"
#include "plugins/kubeadm/secrets.h"

namespace capstan::kubeadm {

using sdk::Error;
using sdk::Expected;
using sdk::find_at;
using sdk::Status;
using sdk::string_at;

struct ConfigReconciler::Context {
  const sdk::Request& request;
  sdk::Reply& reply;
  const Json& cluster;
  const Json& machine;
  std::string cluster_name = string_at(cluster, "metadata/name");
  std::string ns = request.ns();

  std::string version() const { return string_at(machine, "spec/version"); }
  const Json& spec() const {
    static const Json kEmpty = Json::object();
    const Json* spec = find_at(request.object(), "spec");
    return spec == nullptr ? kEmpty : *spec;
  }
  // Ready and DataSecretAvailable go together.
  Status wait(const std::string& reason, const std::string& message) {
    reply.condition({"DataSecretAvailable", "False", reason, message});
    reply.condition({"Ready", "False", reason, message});
    return {};
  }
};

namespace {

// How soon whoever waits for the init lock looks whether its holder is still there.
constexpr std::chrono::seconds kLockRecheck{10};
constexpr const char* kDefaultCertificatesDir = "/etc/kubernetes/pki";

bool data_secret_created(const sdk::Request& request) {
  return sdk::bool_at(request.object(), "status/initialization/dataSecretCreated");
}

Status unsupported(const Json& spec) {
  if (string_at(spec, "format", "cloud-config") == "cloud-config") return {};
  return Error::invalid(
      "spec.format \"" + string_at(spec, "format") + "\" is not supported; use cloud-config",
      "/spec/format");
}

void write_old_conditions(const sdk::Request& request, sdk::Reply& reply) {
  OldConditions old(request, reply);
  old.mirror("DataSecretAvailable", "DataSecretAvailable", "Info");
  old.mirror("CertificatesAvailable", "CertificatesAvailable", "Warning", "CertificatesCorrupted");
  old.summarize({"DataSecretAvailable", "CertificatesAvailable"});
  old.write();
}

}  // namespace

Status ConfigReconciler::reconcile(const sdk::Request& request, sdk::Reply& reply,
                                   const sdk::Call&) {
  // What it made is owned by it and collected; nothing outside is left behind.
  if (request.deleting()) return {};
  const Json* cluster = request.cluster();
  const Json* machine = request.owner();
  if (cluster == nullptr || machine == nullptr || string_at(*machine, "kind") != "Machine") {
    return {};  // the Machine adopts it, which wakes it
  }
  if (sdk::detail::paused(request, reply)) return {};
  Context context{request, reply, *cluster, *machine};
  Status result = make_data(context);
  write_old_conditions(request, reply);
  return result;
}

Status ConfigReconciler::make_data(Context& context) {
  if (Status supported = unsupported(context.spec()); !supported.ok()) {
    return sdk::detail::failed(context.reply, supported.error(), "UnsupportedFormat");
  }
  if (data_secret_created(context.request)) return refresh_token(context);
  return first_time(context);
}

Status ConfigReconciler::first_time(Context& context) {
  if (!sdk::infrastructure_provisioned(context.cluster)) {
    return context.wait(
        "WaitingForClusterInfrastructureReady",
        "Waiting for Cluster status.initialization.infrastructureProvisioned to be true");
  }
  // A backup restored without status: the Machine still knows its data.
  const std::string known = string_at(context.machine, "spec/bootstrap/dataSecretName");
  if (!known.empty()) {
    context.reply.status("dataSecretName", known);
    context.reply.status("initialization/dataSecretCreated", true);
    return {};
  }
  const bool control_plane = is_control_plane_machine(context.machine);
  if (sdk::control_plane_initialized(context.cluster)) {
    return join(context, control_plane ? Join::kControlPlane : Join::kWorker);
  }
  if (!control_plane) {
    return context.wait("WaitingForControlPlaneInitialized",
                        "Waiting for the control plane to be initialized");
  }
  return init(context);
}

Status ConfigReconciler::init(Context& context) {
  const std::string machine = string_at(context.machine, "metadata/name");
  const Expected<Json> lock =
      host_.objects().get("v1", "ConfigMap", context.ns, lock_name(context.cluster_name));
  if (!lock.ok() && lock.code() != sdk::Code::kNotFound) return lock.error();
  if (!lock.ok()) {
    context.reply.create(lock_object(context.cluster, machine));
    context.reply.requeue_after(sdk::Milliseconds(1));
    return {};
  }
  const std::string holder = lock_holder(*lock);
  if (holder != machine) {
    // A holder that is gone frees the lock.
    const Expected<Json> other = host_.objects().get(kCoreApi, "Machine", context.ns, holder);
    if (!other.ok() && other.code() == sdk::Code::kNotFound) {
      context.reply.remove({"v1", "ConfigMap", context.ns, lock_name(context.cluster_name),
                            string_at(*lock, "metadata/uid")});
      context.reply.requeue_after(sdk::Milliseconds(1));
      return {};
    }
    // Nobody tells this config that another Machine is gone, which would free the lock.
    context.reply.requeue_after(kLockRecheck);
    return context.wait("WaitingForControlPlaneInitialized",
                        "Machine " + holder + " is initializing the control plane");
  }
  if (control_plane_endpoint(context.cluster).empty()) {
    return context.wait("WaitingForControlPlaneEndpoint",
                        "Waiting for Cluster spec.controlPlaneEndpoint to be set");
  }
  // Without a control plane provider nobody else makes them.
  if (find_at(context.cluster, "spec/controlPlaneRef") == nullptr &&
      find_at(context.spec(), "clusterConfiguration/etcd/external") == nullptr) {
    const bool complete = CAPSTAN_TRY(create_missing_pairs(
        {host_, context.reply, context.ns, context.cluster_name, &context.spec()}));
    if (!complete) {
      context.reply.requeue_after(sdk::Milliseconds(1));  // they are stored with this reply
      return {};
    }
  }
  Expected<std::string> documents =
      init_documents({context.spec(), context.cluster, context.version()});
  if (!documents.ok())
    return sdk::detail::failed(context.reply, documents.error(), "InvalidVersion");
  return write_data(context, context.spec(), Join::kInit, *std::move(documents));
}

Status ConfigReconciler::join(Context& context, Join how) {
  Json spec = context.spec();
  if (how == Join::kControlPlane && find_at(spec, "joinConfiguration/controlPlane") == nullptr) {
    spec["joinConfiguration"]["controlPlane"] = Json::object();
  }
  if (Status filled = fill_discovery(context, spec); !filled.ok()) {
    return sdk::detail::failed(context.reply, filled.error(), "DiscoveryNotAvailable");
  }
  Expected<std::string> document = join_document({spec, context.cluster, context.version()});
  if (!document.ok()) return sdk::detail::failed(context.reply, document.error(), "InvalidVersion");
  return write_data(context, spec, how, *std::move(document));
}

// What the user did not say of discovery: token, endpoint, hash of the CA. It is written back, so
// that the same token is used however often this runs.
Status ConfigReconciler::fill_discovery(Context& context, Json& spec) {
  Json& discovery = spec["joinConfiguration"]["discovery"];
  if (find_at(discovery, "file") != nullptr) return {};
  Json& how = discovery["bootstrapToken"];
  const Json before = how;
  if (string_at(how, "apiServerEndpoint").empty()) {
    const std::string endpoint = control_plane_endpoint(context.cluster);
    if (endpoint.empty())
      return Error::unavailable("Cluster spec.controlPlaneEndpoint is not set yet");
    how["apiServerEndpoint"] = endpoint;
  }
  if (string_at(how, "token").empty()) how["token"] = new_token();
  if (find_at(how, "caCertHashes") == nullptr && !sdk::bool_at(how, "unsafeSkipCAVerification")) {
    const Json ca = CAPSTAN_TRY(secret(context, secret_name(context.cluster_name, "ca")));
    const std::string certificate = CAPSTAN_TRY(secret_value(ca, "tls.crt"));
    const Json inspected =
        CAPSTAN_TRY(host_.pki().run({{"op", "inspect"}, {"certificate", certificate}}));
    how["caCertHashes"] = Json::array({"sha256:" + string_at(inspected, "publicKeySha256")});
  }
  CAPSTAN_TRY(keep_token(host_, context.ns, context.cluster_name, string_at(how, "token")));
  if (how != before) context.reply.spec("joinConfiguration/discovery/bootstrapToken", how);
  return {};
}

// A token lives shorter than a machine may take to boot: it is kept alive until the node is there.
Status ConfigReconciler::refresh_token(Context& context) {
  context.reply.condition({"DataSecretAvailable", "True", "Available", ""});
  context.reply.condition({"Ready", "True", "Available", ""});
  const std::string token =
      string_at(context.spec(), "joinConfiguration/discovery/bootstrapToken/token");
  const bool joined = !string_at(context.machine, "status/nodeRef/name").empty();
  if (token.empty() || joined) return {};
  CAPSTAN_TRY(keep_token(host_, context.ns, context.cluster_name, token));
  context.reply.requeue_after(kTokenLifetime / 3);
  return {};
}

Status ConfigReconciler::write_data(Context& context, const Json& spec, Join how,
                                    std::string document) {
  CloudConfigInput input{spec, how, std::move(document), {}, {}, {}};
  if (how != Join::kWorker) {
    Expected<std::vector<MachineFile>> certificates = certificate_files(context);
    if (!certificates.ok()) {
      context.reply.condition(
          {"CertificatesAvailable", "False", "InternalError", certificates.error().summary});
      return sdk::detail::failed(context.reply, certificates.error(), "CertificatesNotAvailable");
    }
    input.certificates = *std::move(certificates);
    context.reply.condition({"CertificatesAvailable", "True", "Available", ""});
  }
  Expected<std::vector<MachineFile>> files = spec_files(context, spec);
  if (!files.ok()) return sdk::detail::failed(context.reply, files.error(), "FilesNotAvailable");
  input.files = *std::move(files);
  input.users = CAPSTAN_TRY(spec_users(context, spec));
  const std::string name = context.request.name();
  context.reply.create(make_secret(context.ns, name, context.cluster_name,
                                   {{"value", cloud_config(input)}, {"format", "cloud-config"}},
                                   context.reply.owner_reference()));
  context.reply.status("dataSecretName", name);
  context.reply.status("initialization/dataSecretCreated", true);
  context.reply.condition({"DataSecretAvailable", "True", "Available", ""});
  context.reply.condition({"Ready", "True", "Available", ""});
  if (how != Join::kInit) context.reply.requeue_after(kTokenLifetime / 3);
  return {};
}

Expected<Json> ConfigReconciler::secret(const Context& context, const std::string& name) const {
  Expected<Json> found = host_.objects().get("v1", "Secret", context.ns, name);
  if (!found.ok() && found.code() == sdk::Code::kNotFound) {
    return Error::unavailable("Secret \"" + name + "\" does not exist yet");
  }
  return found;
}

Expected<std::vector<MachineFile>> ConfigReconciler::certificate_files(
    const Context& context) const {
  const std::string dir =
      string_at(context.spec(), "clusterConfiguration/certificatesDir", kDefaultCertificatesDir);
  const bool external_etcd =
      find_at(context.spec(), "clusterConfiguration/etcd/external") != nullptr;
  std::vector<MachineFile> files;
  const auto add = [&](const std::string& purpose, const std::string& certificate,
                       const std::string& key) -> Status {
    const Json pair = CAPSTAN_TRY(secret(context, secret_name(context.cluster_name, purpose)));
    files.push_back({dir + "/" + certificate, CAPSTAN_TRY(secret_value(pair, "tls.crt")), "0640"});
    if (!key.empty()) {
      files.push_back({dir + "/" + key, CAPSTAN_TRY(secret_value(pair, "tls.key")), "0600"});
    }
    return {};
  };
  CAPSTAN_TRY(add("ca", "ca.crt", "ca.key"));
  // With an external etcd only its CA and a client certificate are known.
  CAPSTAN_TRY(add("etcd", "etcd/ca.crt", external_etcd ? "" : "etcd/ca.key"));
  CAPSTAN_TRY(add("proxy", "front-proxy-ca.crt", "front-proxy-ca.key"));
  CAPSTAN_TRY(add("sa", "sa.pub", "sa.key"));
  if (external_etcd) {
    CAPSTAN_TRY(
        add("apiserver-etcd-client", "apiserver-etcd-client.crt", "apiserver-etcd-client.key"));
  }
  return files;
}

// "" where the Cluster has no control plane object, or one without a version.
std::string ConfigReconciler::control_plane_version(const Context& context) const {
  const Json* ref = find_at(context.cluster, "spec/controlPlaneRef");
  if (ref == nullptr) return "";
  const Expected<Json> plane =
      host_.objects().get(string_at(*ref, "apiGroup") + "/", string_at(*ref, "kind"), context.ns,
                          string_at(*ref, "name"));
  std::string version = plane.ok() ? string_at(*plane, "spec/version") : "";
  if (!version.empty() && version.front() != 'v') version.insert(0, "v");
  return version;
}

Expected<std::vector<MachineFile>> ConfigReconciler::spec_files(const Context& context,
                                                                const Json& spec) const {
  std::vector<MachineFile> files;
  const Json* list = find_at(spec, "files");
  if (list == nullptr || !list->is_array()) return files;
  for (const Json& item : *list) {
    MachineFile file{string_at(item, "path"),        string_at(item, "content"),
                     string_at(item, "permissions"), string_at(item, "owner"),
                     string_at(item, "encoding"),    sdk::bool_at(item, "append")};
    if (const Json* from = find_at(item, "contentFrom/secret")) {
      const Json found = CAPSTAN_TRY(secret(context, string_at(*from, "name")));
      file.content = CAPSTAN_TRY(secret_value(found, string_at(*from, "key")));
    }
    if (string_at(item, "contentFormat") == "Template") {
      auto rendered = render_file_template(file.content, control_plane_version(context));
      if (!rendered.ok()) {
        return std::move(rendered).error().with_context("spec.files, template of " + file.path);
      }
      file.content = *std::move(rendered);
    }
    files.push_back(std::move(file));
  }
  return files;
}

Expected<std::vector<Json>> ConfigReconciler::spec_users(const Context& context,
                                                         const Json& spec) const {
  std::vector<Json> users;
  const Json* list = find_at(spec, "users");
  if (list == nullptr || !list->is_array()) return users;
  for (Json user : *list) {
    if (const Json* from = find_at(user, "passwdFrom/secret")) {
      const Json found = CAPSTAN_TRY(secret(context, string_at(*from, "name")));
      user["passwd"] = CAPSTAN_TRY(secret_value(found, string_at(*from, "key")));
    }
    users.push_back(std::move(user));
  }
  return users;
}

}  // namespace capstan::kubeadm
