"""What a control plane's step works on."""

from __future__ import annotations

import base64
import functools
from collections.abc import Mapping

from capstan.bootstrap import SECRET_TYPE
from capstan.errors import InProgress
from capstan.host import Host
from capstan.objects import CLUSTER_NAME_LABEL, Json, KubeObject
from capstan.reconcile import Call, Reply, Request
from capstan.reconciler import Context

CONTROL_PLANE_NAME_LABEL = "cluster.x-k8s.io/control-plane-name"


class PlaneMachine:
    """One Machine of the control plane, with its bootstrap config."""

    def __init__(self, item: KubeObject, config: KubeObject | None) -> None:
        self.object = item
        self.config = config
        self.outdated_because = ""  # "" where it is up to date

    @property
    def name(self) -> str:
        return self.object.name

    @property
    def node(self) -> str:
        """The name of its Node; "" before it has joined."""
        return self.object.get("status/nodeRef/name", "")

    @property
    def failure_domain(self) -> str:
        return self.object.get("spec/failureDomain", "")


class PlaneContext(Context):
    def __init__(self, request: Request, reply: Reply, call: Call, cluster: KubeObject, host: Host
                 ) -> None:
        super().__init__(request, reply, call)
        self._cluster = cluster
        self.host = host
        self.initialized = self.object.get("status/initialization/controlPlaneInitialized", False)
        self.waiting_for = ""
        configs = {config.name: config for config in request.related("configs")}
        owned = [machine for machine in request.related("machines")
                 if machine.is_owned_by(self.uid)]
        owned.sort(key=lambda machine: machine.metadata.get("creationTimestamp", ""))
        self.machines = [
            PlaneMachine(machine, configs.get(machine.get("spec/bootstrap/configRef/name", "")))
            for machine in owned]

    @property
    def cluster(self) -> KubeObject:
        return self._cluster

    @property
    def cluster_name(self) -> str:
        return self._cluster.name

    @property
    def desired_replicas(self) -> int:
        return 0 if self.object.deleting else self.object.get("spec/replicas", 1)

    @property
    def version(self) -> str:
        return self.object.get("spec/version", "")

    @functools.cached_property
    def endpoint(self) -> str:
        """"host:port" of the API server; "" while the Cluster has none."""
        host = self._cluster.get("spec/controlPlaneEndpoint/host", "")
        port = self._cluster.get("spec/controlPlaneEndpoint/port", 6443)
        return f"{host}:{port}" if host else ""

    def secret(self, purpose: str) -> KubeObject | None:
        """Secret CLUSTER-purpose."""
        return self.host.objects.find("v1", "Secret", self.namespace,
                                      f"{self.cluster_name}-{purpose}")

    def create_secret(self, purpose: str, values: Mapping[str, str]) -> None:
        """Owned by the control plane, so that it goes with it."""
        self.reply.create(self.secret_object(purpose, values))

    def secret_object(self, purpose: str, values: Mapping[str, str]) -> Json:
        return {"apiVersion": "v1", "kind": "Secret", "type": SECRET_TYPE,
                "metadata": {"name": f"{self.cluster_name}-{purpose}", "namespace": self.namespace,
                             "labels": {CLUSTER_NAME_LABEL: self.cluster_name},
                             "ownerReferences": [self.reply.owner_reference()]},
                "data": {key: base64.b64encode(value.encode()).decode()
                         for key, value in values.items()}}

    def wait(self, wait: InProgress) -> None:
        self.waiting_for = wait.message
        if wait.requeue_after > 0:
            self.reply.requeue_after(wait.requeue_after)
