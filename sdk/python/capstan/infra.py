"""Infrastructure machines and clusters (Cluster API contract v1beta2): the author says how a thing
is found, made and removed; these layers do the rest of the contract.

Everything that the author does outside is idempotent by `uid`: things are named or tagged by it,
and find() looks for that. A crash at any point is followed by another find().
"""

from __future__ import annotations

import base64
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from capstan.errors import Error, InProgress, Internal
from capstan.objects import (
    Json,
    KubeObject,
    control_plane_initialized,
    infrastructure_provisioned,
    is_control_plane_machine,
    is_externally_managed,
)
from capstan.reconcile import Call, Reply, Request
from capstan.reconciler import (
    Context,
    Reconciler,
    failed,
    finalizer_is_stored,
    paused,
    provisioned,
    under_way,
)

AddressType = Literal["Hostname", "InternalIP", "ExternalIP", "InternalDNS", "ExternalDNS"]


@dataclass(frozen=True)
class Instance:
    """What runs outside for one machine."""

    provider_id: str = ""  # spec.providerID: what the Node will have; required once ready
    addresses: Sequence[tuple[AddressType, str]] = ()
    failure_domain: str = ""
    ready: bool = True  # False: exists and cannot be used yet
    failed: bool = False  # it will never be ready; the Machine's owner has to replace it
    reason: str = ""  # of the Ready condition while not ready
    message: str = ""
    status: Json = field(default_factory=dict)  # merged into status: fields of the provider's own


@dataclass(frozen=True)
class BootstrapData:
    """The script that makes the machine a node."""

    value: str
    format: str = "cloud-config"  # or ignition


class MachineContext(Context):
    @property
    def machine(self) -> KubeObject | None:
        """None where it is gone already (on deletion)."""
        return self.request.owner

    @property
    def machine_name(self) -> str:
        return self.machine.name if self.machine is not None else self.name

    @property
    def control_plane(self) -> bool:
        return is_control_plane_machine(self.object) or (
            self.machine is not None and is_control_plane_machine(self.machine))

    @property
    def version(self) -> str:
        return self.machine.get("spec/version", "") if self.machine is not None else ""

    @property
    def failure_domain(self) -> str:
        """Where the Machine asks to be placed; "" leaves it to the provider."""
        return self.machine.get("spec/failureDomain", "") if self.machine is not None else ""


class InfrastructureMachine(Reconciler):
    """An infrastructure machine: waits for the Machine, the cluster's infrastructure and the
    bootstrap data; finalizer, pause, providerID, addresses, conditions, deletion and retries."""

    finalizer: ClassVar[str] = ""  # default: KIND in lower case.infrastructure.cluster.x-k8s.io
    resync: ClassVar[float] = 600.0  # seconds between looks at a provisioned machine; 0 for never
    poll: ClassVar[float] = 5.0  # while an instance is not ready

    @abstractmethod
    def find(self, machine: MachineContext) -> Instance | None:
        """The machine's instance, looked up by uid."""

    @abstractmethod
    def create(self, machine: MachineContext, data: BootstrapData) -> Instance | InProgress:
        """Called only where find() found nothing. InProgress is followed by another find()."""

    @abstractmethod
    def delete(self, machine: MachineContext) -> InProgress | None:
        """Called until it is done; what is gone already is done."""

    def bootstrap(self, machine: MachineContext, instance: Instance, data: BootstrapData
                  ) -> InProgress | None:
        """For providers that run the bootstrap data from outside, once the instance is ready."""
        return None

    @property
    def _finalizer(self) -> str:
        return self.finalizer or f"{self.kind.lower()}.infrastructure.cluster.x-k8s.io"

    def reconcile(self, request: Request, reply: Reply, call: Call) -> None:
        if paused(request, reply):
            return
        machine = MachineContext(request, reply, call)
        if request.object.deleting:
            self._delete(machine)
        elif machine.machine is None or machine.machine.kind != "Machine":
            reply.ready(False, "WaitingForMachine",
                        "waiting for the Machine to set its owner reference")
        elif machine.cluster is None:
            reply.ready(False, "WaitingForCluster", "waiting for the Cluster that label "
                        "cluster.x-k8s.io/cluster-name names")
        elif not finalizer_is_stored(request, reply, self._finalizer):
            return
        elif provisioned(request.object):
            self._observe(machine)
        else:
            self._provision(machine, machine.machine, machine.cluster)

    def _provision(self, context: MachineContext, machine: KubeObject, cluster: KubeObject) -> None:
        reply = context.reply
        if not infrastructure_provisioned(cluster):
            reply.ready(False, "WaitingForClusterInfrastructureReady",
                        "waiting for Cluster status.initialization.infrastructureProvisioned")
            return
        name = machine.get("spec/bootstrap/dataSecretName", "")
        if not name:
            if not context.control_plane and not control_plane_initialized(cluster):
                reply.ready(False, "WaitingForControlPlaneInitialized",
                            "waiting for the control plane to be initialized")
            else:
                reply.ready(False, "WaitingForBootstrapData",
                            "waiting for Machine spec.bootstrap.dataSecretName")
            return
        data = self._bootstrap_data(context.request)
        if data is None:
            under_way(reply, InProgress("WaitingForBootstrapData",
                                        f"waiting for Secret {name} with key `value`"))
            return
        self._make(context, data)

    @staticmethod
    def _bootstrap_data(request: Request) -> BootstrapData | None:
        secret = request.bootstrap_secret
        if secret is None or not secret.has("data/value"):
            return None
        form = base64.b64decode(secret.get("data/format", "")).decode()
        value = base64.b64decode(secret.get("data/value", "")).decode()
        return BootstrapData(value, form or "cloud-config")

    def _look(self, machine: MachineContext) -> Instance | None:
        try:
            return self.find(machine)
        except Error as error:
            raise failed(machine.reply, error, "InstanceLookupFailed") from None

    def _make(self, machine: MachineContext, data: BootstrapData) -> None:
        reply = machine.reply
        found = self._look(machine)
        if found is None:
            try:
                made = self.create(machine, data)
            except Error as error:
                raise failed(reply, error, "InstanceCreationFailed",
                             "InstanceCreationFailed") from None
            if isinstance(made, InProgress):
                under_way(reply, made)
                return
            found = made
            reply.event("InstanceCreated", f"made the instance of Machine {machine.machine_name}")
        reply.merge_status(found.status)
        if found.failed or not found.ready:
            self._not_ready(machine, found)
            return
        try:
            booted = self.bootstrap(machine, found, data)
        except Error as error:
            raise failed(reply, error, "BootstrapFailed", "BootstrapFailed") from None
        if booted is not None:
            under_way(reply, booted)
            return
        self._publish(machine, found)

    def _observe(self, machine: MachineContext) -> None:
        found = self._look(machine)
        if found is None:
            # A machine that was provisioned is never made again: its Node may come back elsewhere.
            machine.reply.ready(False, "InstanceDeleted",
                                "the instance is gone; delete the Machine to have it replaced")
            self._look_again(machine.reply)
            return
        machine.reply.merge_status(found.status)
        if found.failed or not found.ready:
            self._not_ready(machine, found)
        else:
            self._publish(machine, found)

    def _look_again(self, reply: Reply) -> None:
        if self.resync > 0:
            reply.requeue_after(self.resync)

    def _not_ready(self, machine: MachineContext, instance: Instance) -> None:
        fallback = "InstanceFailed" if instance.failed else "InstanceNotReady"
        machine.reply.ready(False, instance.reason or fallback, instance.message)
        if instance.failed:
            self._look_again(machine.reply)
        else:
            machine.reply.requeue_after(self.poll)

    def _publish(self, machine: MachineContext, instance: Instance) -> None:
        reply = machine.reply
        if not instance.provider_id:
            raise failed(reply, Internal("a ready instance has no provider id"), "InstanceNotReady")
        reply.spec("providerID", instance.provider_id)
        reply.status("addresses", [{"type": kind, "address": address}
                                   for kind, address in instance.addresses])
        if instance.failure_domain:
            reply.status("failureDomain", instance.failure_domain)
        reply.status("initialization/provisioned", True)
        reply.ready(True, "Ready", instance.message)
        self._look_again(reply)

    def _delete(self, machine: MachineContext) -> None:
        if self._finalizer not in machine.object.finalizers:
            return
        try:
            wait = self.delete(machine)
        except Error as error:
            raise failed(machine.reply, error, "InstanceDeletionFailed",
                         "InstanceDeletionFailed") from None
        if wait is not None:
            under_way(machine.reply, wait, "Deleting")
            return
        machine.reply.remove_finalizer(self._finalizer)


@dataclass(frozen=True)
class FailureDomain:
    name: str
    control_plane: bool = True
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Infrastructure:
    """What exists outside for one cluster."""

    # (host, port) of the API server; None where the user or the control-plane provider gives it.
    endpoint: tuple[str, int] | None = None
    failure_domains: Sequence[FailureDomain] = ()
    message: str = ""
    status: Json = field(default_factory=dict)


class ClusterContext(Context):
    @property
    def cluster(self) -> KubeObject | None:
        owner = self.request.owner
        owned = owner if owner is not None and owner.kind == "Cluster" else None
        return self.request.cluster or owned

    @property
    def cluster_name(self) -> str:
        return super().cluster_name or (self.cluster.name if self.cluster is not None else "")

    @property
    def given_endpoint(self) -> tuple[str, int] | None:
        """spec.controlPlaneEndpoint where the user set it."""
        host = self.object.get("spec/controlPlaneEndpoint/host", "")
        return (host, self.object.get("spec/controlPlaneEndpoint/port", 6443)) if host else None


class InfrastructureCluster(Reconciler):
    """A cluster's infrastructure: networks, load balancer, whatever machines need first."""

    finalizer: ClassVar[str] = ""
    resync: ClassVar[float] = 600.0

    def find(self, cluster: ClusterContext) -> Infrastructure | None:
        """What exists, None where it is not there or not complete. Providers whose create() looks
        up each part for itself leave this out."""
        return None

    @abstractmethod
    def create(self, cluster: ClusterContext) -> Infrastructure | InProgress:
        """Called where find() found nothing; makes what is missing, one idempotent step after the
        other."""

    @abstractmethod
    def delete(self, cluster: ClusterContext) -> InProgress | None:
        """Called until it is done; what is gone already is done."""

    @property
    def _finalizer(self) -> str:
        return self.finalizer or f"{self.kind.lower()}.infrastructure.cluster.x-k8s.io"

    def reconcile(self, request: Request, reply: Reply, call: Call) -> None:
        if is_externally_managed(request.object) or paused(request, reply):
            return
        cluster = ClusterContext(request, reply, call)
        if request.object.deleting:
            self._delete(cluster)
        elif cluster.cluster is None:
            reply.ready(False, "WaitingForCluster",
                        "waiting for the Cluster to set its owner reference")
        elif finalizer_is_stored(request, reply, self._finalizer):
            self._provision(cluster)

    def _provision(self, cluster: ClusterContext) -> None:
        reply = cluster.reply
        try:
            found = self.find(cluster)
        except Error as error:
            raise failed(reply, error, "InfrastructureLookupFailed") from None
        if found is None:
            try:
                made = self.create(cluster)
            except Error as error:
                raise failed(reply, error, "InfrastructureFailed",
                             "InfrastructureFailed") from None
            if isinstance(made, InProgress):
                under_way(reply, made)
                return
            found = made
        self._publish(cluster, found)

    def _publish(self, cluster: ClusterContext, infrastructure: Infrastructure) -> None:
        reply = cluster.reply
        if infrastructure.endpoint is not None and cluster.given_endpoint is None:
            host, port = infrastructure.endpoint
            reply.spec("controlPlaneEndpoint", {"host": host, "port": port})
        if infrastructure.failure_domains:
            reply.status("failureDomains", [
                {"name": domain.name, "controlPlane": domain.control_plane,
                 **({"attributes": domain.attributes} if domain.attributes else {})}
                for domain in infrastructure.failure_domains])
        reply.merge_status(infrastructure.status)
        reply.status("initialization/provisioned", True)
        reply.ready(True, "Ready", infrastructure.message)
        if self.resync > 0:
            reply.requeue_after(self.resync)

    def _delete(self, cluster: ClusterContext) -> None:
        if self._finalizer not in cluster.object.finalizers:
            return
        try:
            wait = self.delete(cluster)
        except Error as error:
            raise failed(cluster.reply, error, "InfrastructureDeletionFailed",
                         "InfrastructureDeletionFailed") from None
        if wait is not None:
            under_way(cluster.reply, wait, "Deleting")
            return
        cluster.reply.remove_finalizer(self._finalizer)
