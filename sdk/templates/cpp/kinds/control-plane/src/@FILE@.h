// @KIND@: a control plane that the cloud runs, found by the uid of its object.
#pragma once

#include <capstan/hosted_control_plane.h>

#include <optional>
#include <string>

#include "cloud.h"

namespace @PACKAGE@ {

class @KIND@ : public capstan::sdk::HostedControlPlane {
 public:
  explicit @KIND@(Cloud& cloud)
      : HostedControlPlane({.kind = "@KIND@",
                            .finalizer = "@LOWER@.@GROUP@"}),
        cloud_(cloud) {}

 protected:
  using Context = capstan::sdk::PlaneContext;
  using Plane = capstan::sdk::HostedPlane;

  Expected<std::optional<Plane>> find(const Context& plane) override {
    const auto service = CAPSTAN_TRY(cloud_.find("control-plane", plane.uid()));
    if (!service) return std::optional<Plane>();
    Plane found;
    found.ready = service->ready;
    found.reason = service->ready ? "" : "ControlPlaneBuilding";
    found.message = service->ready ? "" : "waiting for control plane " + service->id;
    found.endpoint = capstan::sdk::Endpoint{service->address, 6443};
    found.kubeconfig = kubeconfig(plane.cluster_name(), *service);
    found.version = string_at(service->properties, "version");
    found.status = {{"service", service->id}};
    return std::optional(found);
  }

  Step<Plane> create(const Context& plane) override {
    CAPSTAN_TRY(check_version(plane.version()));
    const Thing service = CAPSTAN_TRY(cloud_.create(
        "control-plane", plane.uid(), {{"name", plane.name()}, {"version", plane.version()}}));
    return InProgress{"ControlPlaneBuilding",
                      "waiting for control plane " + service.id,
                      std::chrono::seconds(1)};
  }

  Step<Done> upgrade(const Context& plane, const Plane&) override {
    CAPSTAN_TRY(check_version(plane.version()));
    CAPSTAN_TRY(cloud_.update("control-plane", plane.uid(),
                              {{"name", plane.name()}, {"version", plane.version()}}));
    return InProgress{"ControlPlaneUpgrading", "", std::chrono::seconds(1)};
  }

  Step<Done> remove(const Context& plane) override {
    CAPSTAN_TRY(cloud_.remove("control-plane", plane.uid()));
    return Done{};
  }

 private:
  // Terminal: no retry helps until the object is changed.
  static Status check_version(const std::string& version) {
    if (version.starts_with("v1.")) return {};
    return Error::invalid("there is no version \"" + version + "\"", "/spec/version");
  }

  // What a real cloud hands out for its administrator.
  static std::string kubeconfig(const std::string& cluster, const Thing& service) {
    return "apiVersion: v1\nkind: Config\ncurrent-context: " + cluster +
           "\ncontexts:\n- name: " + cluster + "\n  context: {cluster: " + cluster +
           ", user: admin}\nclusters:\n- name: " + cluster +
           "\n  cluster: {server: \"https://" + service.address +
           ":6443\"}\nusers:\n- name: admin\n  user: {token: " + service.id + "}\n";
  }

  Cloud& cloud_;
};

}  // namespace @PACKAGE@
