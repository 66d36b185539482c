"""@KIND@: a server of the cloud, found by the uid of its object."""

from __future__ import annotations

from @PACKAGE@.cloud import CloudUser
from capstan import (
    BootstrapData,
    InfrastructureMachine,
    InProgress,
    Instance,
    Invalid,
    MachineContext,
)

SIZES = ("small", "medium", "large")


class @KIND@(CloudUser, InfrastructureMachine):
    kind = "@KIND@"

    def find(self, machine: MachineContext) -> Instance | None:
        server = self.cloud.find("server", machine.uid)
        if server is None:
            return None
        return Instance(provider_id=f"@NAME@:///{server.id}",
                        addresses=[("InternalIP", server.address)],
                        failure_domain=server.properties.get("zone", ""),
                        ready=server.ready,
                        reason="" if server.ready else "ServerBuilding",
                        message="" if server.ready else f"waiting for server {server.id}",
                        status={"server": server.id})

    def create(self, machine: MachineContext, data: BootstrapData) -> Instance | InProgress:
        size = machine.object.get("spec/size", "small")
        if size not in SIZES:
            # Terminal: no retry helps until the object is changed.
            raise Invalid(f'there is no size "{size}"', field="/spec/size")
        # A real cloud is given data.value here; the fake notes how much there was.
        server = self.cloud.create("server", machine.uid, {
            "name": machine.machine_name, "size": size, "zone": machine.failure_domain,
            "userDataBytes": len(data.value)})
        return InProgress("ServerBuilding", f"waiting for server {server.id}", 1)

    def delete(self, machine: MachineContext) -> None:
        self.cloud.delete("server", machine.uid)
