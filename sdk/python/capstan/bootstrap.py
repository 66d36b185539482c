"""Bootstrap configs (Cluster API contract v1beta2): the author writes the data that makes a machine
a node; this layer waits for what it needs, stores the data as a Secret and reports it."""

from __future__ import annotations

import base64
from abc import abstractmethod
from enum import Enum

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
from capstan.reconciler import Context, Reconciler, paused

SECRET_TYPE = "cluster.x-k8s.io/secret"


class Role(Enum):
    """What the machine is to become."""

    INIT = "init"  # the first control plane machine
    CONTROL_PLANE = "control-plane"  # a further one
    WORKER = "worker"


class BootstrapContext(Context):
    def __init__(self, request: Request, reply: Reply, call: Call, cluster: KubeObject,
                 machine: KubeObject) -> None:
        super().__init__(request, reply, call)
        self._cluster = cluster
        self.machine = machine

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
    """A bootstrap config. `data` is asked once: what it gave stays with the machine."""

    @abstractmethod
    def data(self, config: BootstrapContext) -> BootstrapData | InProgress:
        """The data for the machine. Called once the cluster's infrastructure is there and, for a
        worker, the control plane is initialized."""

    def reconcile(self, request: Request, reply: Reply, call: Call) -> None:
        cluster, machine = request.cluster, request.owner
        # What it made is owned by it and collected; nothing outside is left behind.
        if request.object.deleting:
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
        else:
            self._write(config)

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
