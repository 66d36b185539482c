"""Bootstrap configs (Cluster API contract v1beta2): the author writes the data that makes a machine
a node; this layer waits for what it needs, stores the data as a Secret and reports it.

The manifest needs write access to Secrets: needs.objects {group: "", kind: Secret, access: write}.
"""

from __future__ import annotations

import base64
from abc import abstractmethod
from enum import Enum
from typing import ClassVar

from capstan.errors import Error, InProgress
from capstan.infra import BootstrapData
from capstan.objects import (
    CLUSTER_NAME_LABEL,
    KubeObject,
    control_plane_initialized,
    infrastructure_provisioned,
    is_control_plane_machine,
)
from capstan.reconcile import Call, Reply, Request
from capstan.reconciler import Context, Reconciler, failed, finalizer_is_stored, paused, under_way

SECRET_TYPE = "cluster.x-k8s.io/secret"


class Role(Enum):
    """What the machine is to become."""

    INIT = "init"  # the first control plane machine
    CONTROL_PLANE = "control-plane"  # a further one
    WORKER = "worker"


class BootstrapContext(Context):
    """`cluster` and `machine` are there in data(); in delete() they may be gone, and what was known
    of them then is empty."""

    def __init__(self, request: Request, reply: Reply, call: Call,
                 cluster: KubeObject | None = None,
                 machine: KubeObject | None = None) -> None:
        super().__init__(request, reply, call)
        self._cluster = cluster or request.cluster or KubeObject({})
        self.machine = machine or request.owner or KubeObject({})

    @property
    def cluster(self) -> KubeObject:
        return self._cluster

    @property
    def version(self) -> str:
        return self.machine.get("spec/version", "")

    @property
    def role(self) -> Role:
        if not is_control_plane_machine(self.machine):
            return Role.WORKER
        initialized = control_plane_initialized(self.cluster)
        return Role.CONTROL_PLANE if initialized else Role.INIT

    @property
    def endpoint(self) -> str:
        """"host:port" of the API server; "" while the Cluster has none."""
        host = self.cluster.get("spec/controlPlaneEndpoint/host", "")
        port = self.cluster.get("spec/controlPlaneEndpoint/port", 6443)
        return f"{host}:{port}" if host else ""


class BootstrapConfig(Reconciler):
    """A bootstrap config. `data` is asked once: what it gave stays with the machine. A provider
    that has something outside for a machine (a token, an entry in an inventory) names a finalizer
    and says in `delete` how it goes."""

    finalizer: ClassVar[str] = ""  # "": nothing is kept outside, and delete() is never called

    @abstractmethod
    def data(self, config: BootstrapContext) -> BootstrapData | InProgress:
        """The data for the machine. Called once the cluster's infrastructure is there and, for a
        worker, the control plane is initialized; again after InProgress and after a crash."""

    def delete(self, config: BootstrapContext) -> InProgress | None:
        """Called until it is done; what is gone already is done. Only with a finalizer."""
        return None

    def reconcile(self, request: Request, reply: Reply, call: Call) -> None:
        cluster, machine = request.cluster, request.owner
        # The Secret is owned by it and collected.
        if request.object.deleting:
            self._delete(request, reply, call)
            return
        if cluster is None or machine is None or machine.kind != "Machine":
            return  # the Machine adopts it, which wakes it
        if paused(request, reply):
            return
        config = BootstrapContext(request, reply, call, cluster, machine)
        if config.object.get("status/initialization/dataSecretCreated", False):
            self._done(config, config.object.get("status/dataSecretName", config.name))
            return
        if not infrastructure_provisioned(cluster):
            self._wait(reply, InProgress(
                "WaitingForClusterInfrastructureReady",
                "waiting for Cluster status.initialization.infrastructureProvisioned", 0))
            return
        # A backup restored without status: the Machine still knows its data.
        known = machine.get("spec/bootstrap/dataSecretName", "")
        if known:
            self._done(config, known)
        elif config.role is Role.WORKER and not control_plane_initialized(cluster):
            self._wait(reply, InProgress("WaitingForControlPlaneInitialized",
                                         "waiting for the control plane to be initialized", 0))
        elif not self.finalizer or finalizer_is_stored(request, reply, self.finalizer):
            self._write(config)

    def _delete(self, request: Request, reply: Reply, call: Call) -> None:
        if not self.finalizer or self.finalizer not in request.object.finalizers:
            return
        if paused(request, reply):
            return
        try:
            wait = self.delete(BootstrapContext(request, reply, call))
        except Error as error:
            raise failed(reply, error, "BootstrapDeletionFailed",
                         "BootstrapDeletionFailed") from None
        if wait is not None:
            under_way(reply, wait, "Deleting")
            return
        reply.remove_finalizer(self.finalizer)

    def _write(self, config: BootstrapContext) -> None:
        try:
            data = self.data(config)
        except Error as error:
            self._wait(config.reply, InProgress(error.reason or "DataNotAvailable", error.text, 0))
            raise
        if isinstance(data, InProgress):
            self._wait(config.reply, data)
            return
        values = {"value": data.value, "format": data.format}
        config.reply.create({
            "apiVersion": "v1", "kind": "Secret", "type": SECRET_TYPE,
            "metadata": {"name": config.name, "namespace": config.namespace,
                         "labels": {CLUSTER_NAME_LABEL: config.cluster.name},
                         "ownerReferences": [config.reply.owner_reference()]},
            "data": {key: base64.b64encode(value.encode()).decode()
                     for key, value in values.items()}})
        self._done(config, config.name)

    @staticmethod
    def _done(config: BootstrapContext, secret: str) -> None:
        config.reply.status("dataSecretName", secret)
        config.reply.status("initialization/dataSecretCreated", True)
        config.reply.condition("DataSecretAvailable", True, "Available")
        config.reply.ready(True, "Available")

    @staticmethod
    def _wait(reply: Reply, wait: InProgress) -> None:
        reason = wait.reason or "WaitingForData"
        reply.condition("DataSecretAvailable", False, reason, wait.message)
        reply.ready(False, reason, wait.message)
        if wait.requeue_after > 0:  # 0: the relation's change wakes the object
            reply.requeue_after(wait.requeue_after)
