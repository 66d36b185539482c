"""@KIND@: a volume of the cloud, kept in the state that its object asks for."""

from __future__ import annotations

from @PACKAGE@.cloud import CloudUser
from capstan import ExternalResource, InProgress, Json, Observation, ResourceContext


class @KIND@(CloudUser, ExternalResource):
    kind = "@KIND@"

    def observe(self, resource: ResourceContext) -> Observation | None:
        volume = self.cloud.find("volume", resource.uid)
        if volume is None:
            return None
        size, wanted = volume.properties.get("sizeGiB"), resource.for_provider.get("sizeGiB")
        return Observation(up_to_date=size == wanted,
                           difference=f"sizeGiB: {size} -> {wanted}",
                           available=volume.ready,
                           message="" if volume.ready else f"waiting for volume {volume.id}",
                           at_provider={"id": volume.id, "sizeGiB": size})

    def create(self, resource: ResourceContext) -> InProgress:
        self.cloud.create("volume", resource.uid, _properties(resource))
        return InProgress("VolumeBuilding", "the volume was asked for", 1)

    def update(self, resource: ResourceContext, observation: Observation) -> InProgress:
        self.cloud.update("volume", resource.uid, _properties(resource))
        return InProgress(requeue_after=1)

    def delete(self, resource: ResourceContext) -> None:
        self.cloud.delete("volume", resource.uid)


def _properties(resource: ResourceContext) -> Json:
    return {"name": resource.name, "sizeGiB": resource.for_provider.get("sizeGiB")}
