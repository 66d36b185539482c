#include "runtime/workload/cluster_access.h"

#include "runtime/base/text.h"

namespace capstan {
namespace {

std::string name_of(const ClusterName& cluster) {
  return cluster.ns + "/" + cluster.name;
}

Result<Kubeconfig> read_kubeconfig(const Object& secret) {
  const std::string encoded = get_string(*secret.tree(), {"data", "value"});
  if (encoded.empty()) return Error::invalid("data.value is missing");
  return parse_kubeconfig(TRY(base64_decode(encoded)));
}

Result<ClusterAccessPtr> read_access(const ClusterName& cluster, const Object& secret) {
  const Kubeconfig config = TRY(read_kubeconfig(secret));
  auto access = std::make_shared<ClusterAccess>();
  access->cluster = cluster;
  access->revision = secret.meta().resource_version;
  access->address = config.address;
  access->token = config.token;
  const bool named = !config.tls_server_name.empty();
  access->tls =
      TRY(TlsIdentity::create({.ca_pem = config.ca_pem,
                               .certificate_pem = config.certificate_pem,
                               .key_pem = config.key_pem,
                               .server_name = named ? config.tls_server_name : config.address.host,
                               .verify = !config.insecure_skip_tls_verify}));
  return ClusterAccessPtr(std::move(access));
}

}  // namespace

std::string ClusterAccess::text() const {
  return "cluster " + name_of(cluster) + " (" + address.authority() + ")";
}

ObjectKey kubeconfig_secret_key(const ClusterName& cluster) {
  return {{"", "Secret"}, cluster.ns, cluster.name + "-kubeconfig"};
}

Result<ClusterAccessPtr> read_cluster_access(const ClusterName& cluster, const Object& secret) {
  auto access = read_access(cluster, secret);
  if (access.ok()) return access;
  return Error::failed_precondition("cluster " + name_of(cluster) + ": Secret " + cluster.ns + "/" +
                                    secret.meta().name +
                                    " holds no usable kubeconfig: " + access.error().message);
}

Result<ClusterAccessPtr> read_cluster_access(const ClusterName& cluster, const WatchCache& cache) {
  const ObjectKey key = kubeconfig_secret_key(cluster);
  const ObjectPtr secret = cache.get(key);
  if (secret) return read_cluster_access(cluster, *secret);
  return Error::failed_precondition("cluster " + name_of(cluster) +
                                    " has no kubeconfig yet: Secret " + key.ns + "/" + key.name +
                                    " does not exist");
}

}  // namespace capstan
