"""A control plane on machines (Cluster API contract v1beta2): the author says what a machine's
bootstrap config holds and when the control plane is initialized; this layer keeps certificates and
kubeconfig, makes the first machine and then one after the other, replaces outdated ones by creating
before deleting, and reports counters, versions and conditions.

The manifest entry has `role: controlPlane` and two relations: `machines` (Machine, select: cluster)
and `configs` (the bootstrap kind, select: cluster); `needs` has the workload, and write access to
Secrets, Machines, the bootstrap kind and the infrastructure group.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from capstan import _plane_certificates, _plane_machines, _plane_status
from capstan._plane import PlaneContext, PlaneMachine
from capstan.errors import Error, InProgress
from capstan.objects import Json, infrastructure_provisioned
from capstan.reconcile import Call, Condition, ObjectName, Reply, Request
from capstan.reconciler import Reconciler, finalizer_is_stored, paused

__all__ = ["ControlPlane", "PlaneContext", "PlaneMachine"]

WAIT = 15.0  # seconds until a machine that is not well is looked at again


class ControlPlane(Reconciler):
    """A control plane. Names of its secrets: CLUSTER-ca, -etcd, -proxy, -sa and -kubeconfig."""

    bootstrap_kind: ClassVar[str] = ""  # "K3sConfig"
    bootstrap_group: ClassVar[str] = "bootstrap.cluster.x-k8s.io"
    bootstrap_version: ClassVar[str] = "v1beta2"
    finalizer: ClassVar[str] = ""  # default: KIND in lower case.controlplane.cluster.x-k8s.io
    certificates: ClassVar[Sequence[str]] = ("ca", "etcd", "proxy", "sa")

    @abstractmethod
    def bootstrap_spec(self, plane: PlaneContext) -> Json:
        """The spec of a machine's bootstrap config. A machine whose config differs is replaced, so
        it depends on the control plane's spec only."""

    def prepare(self, plane: PlaneContext) -> bool:
        """What else is to be stored before the first machine. False while it is being made."""
        return True

    def is_initialized(self, plane: PlaneContext) -> bool:
        """Whether the API server takes requests; asked until it is so for the first time."""
        try:
            return bool(self.host.workload.nodes(plane.namespace, plane.cluster_name))
        except Error:
            return False

    def machine_conditions(self, plane: PlaneContext, machine: PlaneMachine) -> list[Condition]:
        """Further conditions for a Machine, for example of its components."""
        return []

    def before_delete(self, plane: PlaneContext, machine: PlaneMachine) -> InProgress | None:
        """What is to be done in the cluster before a machine goes; asked until it is done."""
        return None

    @property
    def _finalizer(self) -> str:
        return self.finalizer or f"{self.kind.lower()}.controlplane.cluster.x-k8s.io"

    def reconcile(self, request: Request, reply: Reply, call: Call) -> None:
        cluster = request.cluster
        if paused(request, reply):
            return
        if cluster is None:
            if request.object.deleting:
                reply.remove_finalizer(self._finalizer)
            return  # the Cluster adopts it, which wakes it
        plane = PlaneContext(request, reply, call, cluster, self.host)
        if not request.object.deleting and not finalizer_is_stored(request, reply,
                                                                   self._finalizer):
            return
        try:
            if request.object.deleting:
                self._delete(plane)
            else:
                self._keep(plane)
        finally:
            _plane_status.write(plane)

    # ---- keeping -----------------------------------------------------------------------------

    def _keep(self, plane: PlaneContext) -> None:
        if not infrastructure_provisioned(plane.cluster):
            plane.reply.condition("CertificatesAvailable", "Unknown", "WaitingForInfrastructure",
                                  "waiting for the cluster's infrastructure")
            return
        certified = _plane_certificates.ensure(plane, self.certificates)
        if not self.prepare(plane) or not certified:
            return  # what was made is read by the next call, which its creation brings about
        if not plane.endpoint:
            plane.reply.event("WaitingForEndpoint",
                              "waiting for Cluster spec.controlPlaneEndpoint")
            return
        _plane_certificates.ensure_kubeconfig(plane)
        if not plane.initialized and plane.machines:
            plane.initialized = self.is_initialized(plane)
        wanted = self.bootstrap_spec(plane)
        _plane_machines.judge(plane, wanted)
        _plane_machines.propagate(plane)
        for machine in plane.machines:
            self._report(plane, machine)
        self._scale(plane, wanted)

    def _report(self, plane: PlaneContext, machine: PlaneMachine) -> None:
        up_to_date = Condition("UpToDate", "True", "UpToDate")
        if machine.outdated_because:
            up_to_date = Condition("UpToDate", "False", "NotUpToDate",
                                   f"* {machine.outdated_because}")
        plane.reply.conditions_of(ObjectName.of(machine.object), up_to_date,
                                  *self.machine_conditions(plane, machine))

    def _scale(self, plane: PlaneContext, wanted: Json) -> None:
        """One step at a time: nothing new while a machine comes or goes."""
        current, desired = len(plane.machines), plane.desired_replicas
        outdated = [machine for machine in plane.machines if machine.outdated_because]
        if current == 0:
            _plane_machines.create(plane, self, wanted)
        elif not plane.initialized:
            plane.wait(InProgress("ScalingUp", "waiting for the control plane to be initialized",
                                  WAIT))
        elif busy := _plane_machines.coming_or_going(plane):
            plane.wait(InProgress("WaitingForMachine", busy, WAIT))
            self._finish_removals(plane)
        elif current < desired + (1 if outdated else 0):
            _plane_machines.create(plane, self, wanted)
        elif current > desired:
            self._remove(plane, _plane_machines.next_to_delete(plane))

    def _remove(self, plane: PlaneContext, machine: PlaneMachine) -> None:
        wait = self.before_delete(plane, machine)
        if wait is not None:
            plane.wait(wait)
            return
        plane.reply.delete(ObjectName.of(machine.object))
        plane.reply.event("SuccessfulDelete",
                          f"Deleted control plane Machine {machine.object.name}")

    def _finish_removals(self, plane: PlaneContext) -> None:
        for machine in plane.machines:
            if machine.object.deleting:
                wait = self.before_delete(plane, machine)
                if wait is not None:
                    plane.wait(wait)

    # ---- deletion ----------------------------------------------------------------------------

    def _delete(self, plane: PlaneContext) -> None:
        if self._finalizer not in plane.object.finalizers:
            return
        workers = [machine for machine in plane.related("machines")
                   if not machine.is_owned_by(plane.uid)]
        if workers:
            plane.wait(InProgress("WaitingForWorkers",
                                  f"{len(workers)} worker Machine(s) are still there", WAIT))
            return
        for machine in plane.machines:
            if not machine.object.deleting:
                plane.reply.delete(ObjectName.of(machine.object))
        if not plane.machines:
            plane.reply.remove_finalizer(self._finalizer)
