"""A control plane that somebody else runs (Cluster API contract v1beta2): a managed service, or
control planes as pods of another cluster. There are no Machines behind it. The author says how it
is found, made, upgraded and deleted; this layer does the rest of the contract: the waits, the
finalizer, the pause, spec.controlPlaneEndpoint, the Secret CLUSTER-kubeconfig, the conditions
Available, Ready and Paused, deletion and retries.

The manifest needs write access to Secrets: needs.objects {group: "", kind: Secret, access: write}.
"""

from __future__ import annotations

import base64
from abc import abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from capstan.bootstrap import SECRET_TYPE
from capstan.errors import Error, InProgress, Internal
from capstan.objects import (
    CLUSTER_NAME_LABEL,
    Json,
    infrastructure_provisioned,
    is_externally_managed,
)
from capstan.reconcile import Call, Reply, Request
from capstan.reconciler import Context, Reconciler, failed, finalizer_is_stored, paused, under_way


@dataclass(frozen=True)
class HostedPlane:
    """What runs outside for one cluster."""

    endpoint: tuple[str, int] | None = None  # (host, port); required once ready
    # Of an administrator; becomes the Secret CLUSTER-kubeconfig, and replaces it where it differs.
    # Required once ready.
    kubeconfig: str = ""
    version: str = ""  # that runs; another than spec.version asks for upgrade()
    ready: bool = True  # False: exists and takes no requests yet
    reason: str = ""  # of the Available condition while not ready
    message: str = ""
    status: Json = field(default_factory=dict)  # merged into status: fields of the provider's own


class HostedContext(Context):
    @property
    def cluster_name(self) -> str:
        return super().cluster_name or (self.cluster.name if self.cluster is not None else "")

    @property
    def version(self) -> str:
        """The version that is wanted; "" where there is none."""
        return self.object.get("spec/version", "")


class HostedControlPlane(Reconciler):
    """A control plane without Machines; `ControlPlane` is the one that stands on Machines."""

    finalizer: ClassVar[str] = ""  # default: KIND in lower case.controlplane.cluster.x-k8s.io
    resync: ClassVar[float] = 600.0  # seconds between looks at one that runs; 0 for never
    poll: ClassVar[float] = 5.0  # while it is not ready

    @abstractmethod
    def find(self, plane: HostedContext) -> HostedPlane | None:
        """The cluster's control plane, looked up by uid."""

    @abstractmethod
    def create(self, plane: HostedContext) -> HostedPlane | InProgress:
        """Called only where find() found nothing. InProgress is followed by another find()."""

    @abstractmethod
    def upgrade(self, plane: HostedContext, running: HostedPlane) -> InProgress | None:
        """Called where another version runs than spec.version, until find() gives that one."""

    @abstractmethod
    def delete(self, plane: HostedContext) -> InProgress | None:
        """Called until it is done; what is gone already is done."""

    @property
    def _finalizer(self) -> str:
        return self.finalizer or f"{self.kind.lower()}.controlplane.cluster.x-k8s.io"

    def reconcile(self, request: Request, reply: Reply, call: Call) -> None:
        if is_externally_managed(request.object) or paused(request, reply):
            return
        plane = HostedContext(request, reply, call)
        if request.object.deleting:
            self._delete(plane)
        elif plane.cluster is None:
            _not_available(reply, "WaitingForCluster",
                           "waiting for the Cluster to set its owner reference")
        elif not finalizer_is_stored(request, reply, self._finalizer):
            return
        elif not infrastructure_provisioned(plane.cluster):
            _not_available(reply, "WaitingForClusterInfrastructureReady",
                           "waiting for Cluster status.initialization.infrastructureProvisioned")
        else:
            self._keep(plane)

    def _keep(self, plane: HostedContext) -> None:
        reply = plane.reply
        try:
            found = self.find(plane)
        except Error as error:
            raise _failed(reply, error, "ControlPlaneLookupFailed") from None
        if found is None:
            if plane.object.get("status/initialization/controlPlaneInitialized", False):
                # What the cluster stored is in there: another one would be an empty cluster.
                _not_available(reply, "ControlPlaneDeleted", "the control plane is gone; delete "
                               "the Cluster to have it replaced")
                self._look_again(reply)
                return
            try:
                made = self.create(plane)
            except Error as error:
                raise _failed(reply, error, "ControlPlaneCreationFailed") from None
            if isinstance(made, InProgress):
                _not_available(reply, made.reason or "ControlPlaneCreating", made.message)
                reply.requeue_after(made.requeue_after)
                return
            found = made
            reply.event("ControlPlaneCreated",
                        f"made the control plane of Cluster {plane.cluster_name}")
        self._publish(plane, found)

    def _look_again(self, reply: Reply) -> None:
        if self.resync > 0:
            reply.requeue_after(self.resync)

    def _publish(self, plane: HostedContext, running: HostedPlane) -> None:
        reply = plane.reply
        reply.merge_status(running.status)
        if not running.ready:
            _not_available(reply, running.reason or "ControlPlaneNotReady", running.message)
            reply.requeue_after(self.poll)
            return
        if running.endpoint is None or not running.kubeconfig:
            raise _failed(reply, Internal("a control plane that is ready has no endpoint or "
                                          "kubeconfig"), "ControlPlaneNotReady")
        host, port = running.endpoint
        reply.spec("controlPlaneEndpoint", {"host": host, "port": port})
        reply.status("externalManagedControlPlane", True)
        reply.status("initialization/controlPlaneInitialized", True)
        if running.version:
            reply.status("version", running.version)
        reply.apply(_kubeconfig_secret(plane, running.kubeconfig))
        _available(reply, True, "Available", running.message)
        self._look_again(reply)
        if running.version and plane.version and running.version != plane.version:
            self._upgrade(plane, running)

    def _upgrade(self, plane: HostedContext, running: HostedPlane) -> None:
        """It goes on serving meanwhile, so Available stays."""
        try:
            wait = self.upgrade(plane, running)
        except Error as error:
            raise failed(plane.reply, error, "ControlPlaneUpgradeFailed",
                         "ControlPlaneUpgradeFailed") from None
        plane.reply.requeue_after(wait.requeue_after if wait is not None else self.poll)

    def _delete(self, plane: HostedContext) -> None:
        if self._finalizer not in plane.object.finalizers:
            return
        try:
            wait = self.delete(plane)
        except Error as error:
            raise failed(plane.reply, error, "ControlPlaneDeletionFailed",
                         "ControlPlaneDeletionFailed") from None
        if wait is not None:
            under_way(plane.reply, wait, "Deleting")
            return
        plane.reply.remove_finalizer(self._finalizer)


def _available(reply: Reply, yes: bool, reason: str, message: str) -> None:
    reply.condition("Available", yes, reason, message)
    reply.ready(yes, reason, message)


def _not_available(reply: Reply, reason: str, message: str) -> None:
    reply.status("externalManagedControlPlane", True)
    _available(reply, False, reason, message)


def _failed(reply: Reply, error: Error, reason: str) -> Error:
    reply.condition("Available", False, error.reason or reason, error.text)
    return failed(reply, error, reason, reason)


def _kubeconfig_secret(plane: HostedContext, kubeconfig: str) -> Json:
    return {"apiVersion": "v1", "kind": "Secret", "type": SECRET_TYPE,
            "metadata": {"name": f"{plane.cluster_name}-kubeconfig", "namespace": plane.namespace,
                         "labels": {CLUSTER_NAME_LABEL: plane.cluster_name},
                         "ownerReferences": [plane.reply.owner_reference()]},
            "data": {"value": base64.b64encode(kubeconfig.encode()).decode()}}
