"""@KIND@: a control plane that the cloud runs, found by the uid of its object."""

from __future__ import annotations

from @PACKAGE@.cloud import CloudUser, Thing
from capstan import HostedContext, HostedControlPlane, HostedPlane, InProgress, Invalid

# What a real cloud hands out for its administrator.
KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: {cluster}
contexts:
- name: {cluster}
  context: {{cluster: {cluster}, user: admin}}
clusters:
- name: {cluster}
  cluster: {{server: "https://{address}:6443"}}
users:
- name: admin
  user: {{token: {token}}}
"""


class @KIND@(CloudUser, HostedControlPlane):
    kind = "@KIND@"

    def find(self, plane: HostedContext) -> HostedPlane | None:
        service = self.cloud.find("control-plane", plane.uid)
        if service is None:
            return None
        return HostedPlane(endpoint=(service.address, 6443),
                           kubeconfig=_kubeconfig(plane, service),
                           version=service.properties.get("version", ""),
                           ready=service.ready,
                           reason="" if service.ready else "ControlPlaneBuilding",
                           message="" if service.ready else f"waiting for {service.id}",
                           status={"service": service.id})

    def create(self, plane: HostedContext) -> HostedPlane | InProgress:
        _check_version(plane.version)
        service = self.cloud.create("control-plane", plane.uid,
                                    {"name": plane.name, "version": plane.version})
        return InProgress("ControlPlaneBuilding", f"waiting for {service.id}", 1)

    def upgrade(self, plane: HostedContext, running: HostedPlane) -> InProgress:
        _check_version(plane.version)
        self.cloud.update("control-plane", plane.uid,
                          {"name": plane.name, "version": plane.version})
        return InProgress("ControlPlaneUpgrading", "", 1)

    def delete(self, plane: HostedContext) -> None:
        self.cloud.delete("control-plane", plane.uid)


def _check_version(version: str) -> None:
    if not version.startswith("v1."):
        # Terminal: no retry helps until the object is changed.
        raise Invalid(f'there is no version "{version}"', field="/spec/version")


def _kubeconfig(plane: HostedContext, service: Thing) -> str:
    return KUBECONFIG.format(cluster=plane.cluster_name, address=service.address, token=service.id)
