"""@KIND@: the network of a cluster, its endpoint and its failure domains."""

from __future__ import annotations

from @PACKAGE@.cloud import CloudUser
from capstan import (
    ClusterContext,
    FailureDomain,
    Infrastructure,
    InfrastructureCluster,
    InProgress,
    Invalid,
)


class @KIND@(CloudUser, InfrastructureCluster):
    kind = "@KIND@"

    def find(self, cluster: ClusterContext) -> Infrastructure | None:
        network = self.cloud.find("network", cluster.uid)
        if network is None or not network.ready:
            return None
        return Infrastructure(endpoint=(network.address, 6443),
                              failure_domains=[FailureDomain("a"), FailureDomain("b")],
                              status={"network": network.id})

    def create(self, cluster: ClusterContext) -> Infrastructure | InProgress:
        cidr = cluster.object.get("spec/cidr", "10.0.0.0/16")
        if "/" not in cidr:
            # Terminal: no retry helps until the object is changed.
            raise Invalid(f'"{cidr}" is no network', field="/spec/cidr")
        network = self.cloud.create("network", cluster.uid, {"name": cluster.name, "cidr": cidr})
        return InProgress("NetworkBuilding", f"waiting for network {network.id}", 1)

    def delete(self, cluster: ClusterContext) -> None:
        self.cloud.delete("network", cluster.uid)
