"""An external resource kept in the state that its object asks for, in the manner of Crossplane's
managed resources: observe, then create, update or delete.

Read from the object: annotations crossplane.io/external-name and crossplane.io/paused (and Cluster
API's pause), spec.managementPolicies (default ["*"]), spec.deletionPolicy (Delete or Orphan).
Written: status.atProvider, the conditions Synced and Ready, the external name.

What is made can be found again by the object's uid or by its external name; where the outside gives
its own ids and has no tags, use the C++ layer, which guards against making a thing twice.
"""

from __future__ import annotations

import base64
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from capstan.errors import Error, FailedPrecondition, InProgress
from capstan.objects import Json, is_paused, merge_patch
from capstan.reconcile import Call, Reply, Request
from capstan.reconciler import Context, Reconciler

EXTERNAL_NAME = "crossplane.io/external-name"
EXTERNAL_PAUSED = "crossplane.io/paused"


@dataclass(frozen=True)
class Observation:
    """The external resource as it is."""

    exists: bool = True
    up_to_date: bool = True  # False: update() is called
    difference: str = ""  # what differs, for the event: "size: 3 -> 5"
    available: bool = True  # can be used; else Ready=False with reason and message
    reason: str = ""
    message: str = ""
    external_name: str = ""  # where it differs from the one that is known
    at_provider: Json | None = None  # becomes status.atProvider
    late_initialized: Json | None = None  # merged into spec.forProvider under LateInitialize
    connection: Mapping[str, str] = field(default_factory=dict)  # to writeConnectionSecretToRef


class ResourceContext(Context):
    @property
    def for_provider(self) -> Json:
        """spec.forProvider: what is wanted."""
        return self.object.get("spec/forProvider", {})

    @property
    def at_provider(self) -> Json:
        """status.atProvider: what was last seen."""
        return self.object.get("status/atProvider", {})

    @property
    def external_name(self) -> str:
        return self.object.annotations.get(EXTERNAL_NAME, "")

    def allowed(self, action: str) -> bool:
        policies: list[str] = self.object.get("spec/managementPolicies", ["*"])
        return "*" in policies or action in policies


class ExternalResource(Reconciler):
    """One kind of external resource."""

    finalizer: ClassVar[str] = "finalizer.managedresource.crossplane.io"
    poll: ClassVar[float] = 60.0  # seconds between looks
    poll_unavailable: ClassVar[float] = 10.0

    @abstractmethod
    def observe(self, resource: ResourceContext) -> Observation | None:
        """What is outside. Nothing there is None (or exists=False), not an error."""

    @abstractmethod
    def create(self, resource: ResourceContext) -> InProgress | None:
        """Called where observe() found nothing."""

    @abstractmethod
    def update(self, resource: ResourceContext, observation: Observation) -> InProgress | None:
        """Called where what is there differs from what is wanted."""

    @abstractmethod
    def delete(self, resource: ResourceContext) -> InProgress | None:
        """Called until observe() finds nothing; what is gone already is done."""

    def reconcile(self, request: Request, reply: Reply, call: Call) -> None:
        resource = ResourceContext(request, reply, call)
        if self._stands_still(resource):
            reply.condition("Synced", False, "ReconcilePaused",
                            "paused by annotation or by an empty policy")
        elif request.object.deleting:
            self._delete(resource)
        elif self._prepared(resource):
            self._keep(resource)

    @staticmethod
    def _stands_still(resource: ResourceContext) -> bool:
        item = resource.object
        return (is_paused(resource.cluster, item) or item.annotations.get(EXTERNAL_PAUSED) == "true"
                or item.get("spec/managementPolicies", ["*"]) == [])

    def _prepared(self, resource: ResourceContext) -> bool:
        """The finalizer and the external name are stored before anything is made outside."""
        stored = True
        if self.finalizer not in resource.object.finalizers:
            resource.reply.add_finalizer(self.finalizer)
            stored = False
        if not resource.external_name:
            resource.reply.annotation(EXTERNAL_NAME, resource.name)
            stored = False
        return stored

    def _look(self, resource: ResourceContext) -> Observation | None:
        try:
            found = self.observe(resource)
        except Error as error:
            raise _not_synced(resource.reply, error, "ObserveFailed") from None
        return found if found is not None and found.exists else None

    def _keep(self, resource: ResourceContext) -> None:
        found = self._look(resource)
        if found is None:
            self._create(resource)
            return
        reply = resource.reply
        self._publish(resource, found)
        if not found.up_to_date and resource.allowed("Update"):
            try:
                wait = self.update(resource, found)
            except Error as error:
                raise _not_synced(reply, error, "UpdateFailed",
                                  "CannotUpdateExternalResource") from None
            reply.event("UpdatedExternalResource", found.difference or "updated")
            reply.requeue_after(wait.requeue_after if wait is not None else self.poll_unavailable)
        reply.condition("Synced", True, "ReconcileSuccess")

    def _create(self, resource: ResourceContext) -> None:
        reply = resource.reply
        if not resource.allowed("Create"):
            raise _not_synced(reply, FailedPrecondition(
                "the external resource does not exist and spec.managementPolicies does not allow "
                "Create"), "ExternalResourceMissing")
        reply.ready(False, "Creating")
        try:
            wait = self.create(resource)
        except Error as error:
            raise _not_synced(reply, error, "CreateFailed", "CannotCreateExternalResource"
                              ) from None
        if wait is None:
            reply.event("CreatedExternalResource", "created the external resource")
            wait = InProgress("Creating", "", self.poll_unavailable)
        _under_way(reply, wait, "Creating")

    def _publish(self, resource: ResourceContext, found: Observation) -> None:
        reply = resource.reply
        if found.external_name and found.external_name != resource.external_name:
            reply.annotation(EXTERNAL_NAME, found.external_name)
        if found.at_provider is not None:
            reply.status("atProvider", found.at_provider)
        if found.late_initialized and resource.allowed("LateInitialize"):
            spec = reply.patch.setdefault("spec", {})
            merge_patch(spec.setdefault("forProvider", {}), found.late_initialized)
        reply.ready(found.available, found.reason or ("Available" if found.available
                                                      else "Creating"), found.message)
        reply.requeue_after(self.poll if found.available else self.poll_unavailable)
        self._write_connection(resource, found.connection)

    @staticmethod
    def _write_connection(resource: ResourceContext, connection: Mapping[str, str]) -> None:
        name = resource.object.get("spec/writeConnectionSecretToRef/name", "")
        if not name or not connection:
            return
        namespace = resource.object.get("spec/writeConnectionSecretToRef/namespace",
                                        resource.namespace)
        resource.reply.apply({
            "apiVersion": "v1", "kind": "Secret", "type": "connection.crossplane.io/v1alpha1",
            "metadata": {"name": name, "namespace": namespace,
                         "ownerReferences": [resource.reply.owner_reference()]},
            "data": {key: base64.b64encode(value.encode()).decode()
                     for key, value in connection.items()}})

    def _delete(self, resource: ResourceContext) -> None:
        reply = resource.reply
        if self.finalizer not in resource.object.finalizers:
            return
        reply.ready(False, "Deleting")
        orphan = resource.object.get("spec/deletionPolicy", "Delete") == "Orphan"
        if not orphan and resource.allowed("Delete") and self._look(resource) is not None:
            try:
                wait = self.delete(resource)
            except Error as error:
                raise _not_synced(reply, error, "DeleteFailed", "CannotDeleteExternalResource"
                                  ) from None
            if wait is not None:
                _under_way(reply, wait, "Deleting")
                return
            reply.event("DeletedExternalResource", "deleted the external resource")
        reply.remove_finalizer(self.finalizer)


def _under_way(reply: Reply, wait: InProgress, fallback: str) -> None:
    reply.ready(False, wait.reason or fallback, wait.message)
    reply.condition("Synced", True, "ReconcileSuccess")
    reply.requeue_after(wait.requeue_after)


def _not_synced(reply: Reply, error: Error, reason: str, event: str = "") -> Error:
    reply.condition("Synced", False, error.reason or reason, error.text)
    if event:
        reply.event(event, error.summary, "Warning")
    return error
