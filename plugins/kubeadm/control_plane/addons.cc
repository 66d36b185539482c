#include "plugins/kubeadm/control_plane/addons.h"

#include <algorithm>

#include "plugins/kubeadm/bootstrap/kubeadm_documents.h"
#include "plugins/kubeadm/control_plane/cluster_configuration.h"
#include "plugins/kubeadm/control_plane/workload_objects.h"
#include "plugins/kubeadm/times.h"

namespace capstan::kubeadm {
namespace {

using sdk::Error;
using sdk::Expected;
using sdk::find_at;
using sdk::Status;
using sdk::string_at;

constexpr const char* kSkipKubeProxy = "controlplane.cluster.x-k8s.io/skip-kube-proxy";
constexpr const char* kSkipCoreDns = "controlplane.cluster.x-k8s.io/skip-coredns";
constexpr const char* kKubeProxy = "/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy";
constexpr const char* kCoreDns = "/apis/apps/v1/namespaces/kube-system/deployments/coredns";
constexpr const char* kContainers = "spec/template/spec/containers";

std::string configured(const ControlPlane& plane, const std::string& path) {
  return string_at(plane.object, "spec/kubeadmConfigSpec/clusterConfiguration/" + path);
}

std::string without_slash(std::string text) {
  if (text.ends_with('/')) text.pop_back();
  return text;
}

// Tags have no '+'.
std::string tag_of(std::string version) {
  std::replace(version.begin(), version.end(), '+', '_');
  return version;
}

// "" where the object has no such container.
std::string image_of(const Json& object, const std::string& container) {
  const Json* containers = find_at(object, kContainers);
  if (containers == nullptr || !containers->is_array()) return "";
  for (const Json& item : *containers) {
    if (string_at(item, "name") == container) return string_at(item, "image");
  }
  return "";
}

// A merge patch replaces lists as a whole.
Status set_image(const ControlPlane& plane, const char* path, const Json& object,
                 const std::string& container, const std::string& image) {
  Json containers = *find_at(object, kContainers);
  for (Json& item : containers) {
    if (string_at(item, "name") == container) item["image"] = image;
  }
  const Json patch = {{"spec", {{"template", {{"spec", {{"containers", containers}}}}}}}};
  CAPSTAN_TRY(patch_workload_object(plane, path, object, patch));
  plane.reply.event("AddonUpdated", container + " is now " + image);
  return {};
}

// These give whether the addon is there, or not looked after: what is missing may come yet.
Expected<bool> update_kube_proxy(ControlPlane& plane) {
  if (sdk::has_annotation(plane.object, kSkipKubeProxy)) return true;
  const auto object = CAPSTAN_TRY(get_workload_object(plane, kKubeProxy));
  if (!object) return false;
  const std::string present = image_of(*object, "kube-proxy");
  if (present.empty()) return true;
  ImageName image = ImageName::parse(present);
  image.tag = tag_of(plane.version());
  if (const std::string from = configured(plane, "imageRepository"); !from.empty()) {
    image.repository = without_slash(from);
  }
  if (image.text() == present) return true;
  CAPSTAN_TRY(set_image(plane, kKubeProxy, *object, "kube-proxy", image.text()));
  return true;
}

ImageName wanted_core_dns(const ControlPlane& plane, ImageName image) {
  std::string from = configured(plane, "dns/imageRepository");
  if (from.empty()) from = configured(plane, "imageRepository");
  if (!from.empty()) {
    image.repository = without_slash(from);
    // As kubeadm does: Kubernetes' own registry has it one folder deeper.
    const bool standard = image.repository == "registry.k8s.io";
    image.name = standard ? "coredns/coredns" : "coredns";
  }
  if (const std::string tag = configured(plane, "dns/imageTag"); !tag.empty()) image.tag = tag;
  return image;
}

Expected<bool> update_core_dns(ControlPlane& plane) {
  if (sdk::has_annotation(plane.object, kSkipCoreDns)) return true;
  // Kubernetes' version says nothing about it: only these do.
  if (configured(plane, "imageRepository").empty() &&
      configured(plane, "dns/imageRepository").empty() &&
      configured(plane, "dns/imageTag").empty()) {
    return true;
  }
  const auto object = CAPSTAN_TRY(get_workload_object(plane, kCoreDns));
  if (!object) return false;
  const std::string present = image_of(*object, "coredns");
  if (present.empty()) return true;
  const ImageName image = ImageName::parse(present);
  const ImageName wanted = wanted_core_dns(plane, image);
  if (wanted.text() == present) return true;
  const auto before = Version::parse(image.tag);
  const auto after = Version::parse(wanted.tag);
  if (before.ok() && after.ok() && *after < *before) {
    return Error::failed_precondition(
        "CoreDNS " + image.tag + " runs, which is newer than " + wanted.tag +
        " of spec.kubeadmConfigSpec.clusterConfiguration.dns.imageTag; it cannot go back");
  }
  CAPSTAN_TRY(update_cluster_configuration(plane));
  CAPSTAN_TRY(set_image(plane, kCoreDns, *object, "coredns", wanted.text()));
  return true;
}

bool is_settled(const ControlPlane& plane) {
  return plane.initialized && plane.outdated().empty() && plane.deleting_machines() == 0 &&
         static_cast<int64_t>(plane.machines.size()) == plane.desired_replicas();
}

// All that the addons depend on.
std::string asked_for(const ControlPlane& plane) {
  const Json* dns = find_at(plane.object, "spec/kubeadmConfigSpec/clusterConfiguration/dns");
  return sdk::dump_json({plane.version(), configured(plane, "imageRepository"),
                         dns == nullptr ? Json() : *dns,
                         sdk::has_annotation(plane.object, kSkipKubeProxy),
                         sdk::has_annotation(plane.object, kSkipCoreDns)});
}

}  // namespace

ImageName ImageName::parse(const std::string& text) {
  ImageName out;
  const std::string whole = text.substr(0, text.find('@'));
  const size_t slash = whole.rfind('/');
  const std::string last = slash == std::string::npos ? whole : whole.substr(slash + 1);
  if (slash != std::string::npos) out.repository = whole.substr(0, slash);
  const size_t colon = last.find(':');
  out.name = last.substr(0, colon);
  if (colon != std::string::npos) out.tag = last.substr(colon + 1);
  return out;
}

std::string ImageName::text() const {
  return (repository.empty() ? "" : repository + "/") + name + (tag.empty() ? "" : ":" + tag);
}

Status Addons::update(ControlPlane& plane) {
  if (!is_settled(plane)) return {};
  const std::string uid = plane.request.uid();
  const std::string wanted = asked_for(plane);
  const int64_t now = unix_seconds(plane.request.now()).value_or(0);
  if (is_done(uid, wanted, now)) return {};
  const bool proxy_there = CAPSTAN_TRY(update_kube_proxy(plane));
  const bool dns_there = CAPSTAN_TRY(update_core_dns(plane));
  if (!proxy_there || !dns_there) return {};
  const std::lock_guard lock(mutex_);
  done_[uid] = {wanted, now};
  return {};
}

bool Addons::is_done(const std::string& uid, const std::string& wanted, int64_t now) {
  const std::lock_guard lock(mutex_);
  const auto done = done_.find(uid);
  return done != done_.end() && done->second.asked_for == wanted &&
         now - done->second.at < kHealthyRecheck.count();
}

void Addons::forget(const std::string& control_plane_uid) {
  const std::lock_guard lock(mutex_);
  done_.erase(control_plane_uid);
}

}  // namespace capstan::kubeadm
