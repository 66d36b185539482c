"""What every kind's class derives from, and what the layers for infrastructure, bootstrap, control
planes and external resources have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from capstan.errors import Error, InProgress
from capstan.host import Host
from capstan.objects import (
    CLUSTER_NAME_LABEL,
    Json,
    KubeObject,
    is_paused,
)
from capstan.reconcile import Call, Reply, Request


class Admission:
    """Defaults and checks beyond a schema, while a write waits: no external calls.

        def admit(self, admission):
            if admission.object.get("spec/size", 0) > 100:
                raise Invalid("spec.size is above 100", field="/spec/size")
            admission.defaults["spec"] = {"colour": "blue"}
    """

    def __init__(self, item: KubeObject, old: KubeObject | None) -> None:
        self.object = item  # the new state
        self.old = old  # None on create
        self.defaults: Json = {}  # a merge patch of the object


class Reconciler(ABC):
    """One kind. Made when the plugin is, used from many threads, never for one object at a time."""

    kind: ClassVar[str] = ""

    def __init__(self, host: Host) -> None:
        self.host = host

    def activate(self, settings: Json) -> None:
        """Checks settings, opens connections, starts threads."""

    def deactivate(self) -> None:
        """Returns when all of that has ended."""

    @abstractmethod
    def reconcile(self, request: Request, reply: Reply, call: Call) -> None:
        """Brings the object nearer to its spec."""

    def admit(self, admission: Admission) -> None:
        """Asked for the kinds in the manifest's `admits`."""


class Context:
    """What an author's function is asked about: the object and what stands around it."""

    def __init__(self, request: Request, reply: Reply, call: Call) -> None:
        self.request = request
        self.reply = reply  # for status fields of the provider's own, events, annotations
        self.call = call

    @property
    def object(self) -> KubeObject:
        return self.request.object

    @property
    def spec(self) -> Json:
        return self.object.spec

    @property
    def status(self) -> Json:
        return self.object.status

    @property
    def uid(self) -> str:
        return self.object.uid

    @property
    def name(self) -> str:
        return self.object.name

    @property
    def namespace(self) -> str:
        return self.object.namespace

    @property
    def cluster(self) -> KubeObject | None:
        """None where it is gone already (on deletion)."""
        return self.request.cluster

    @property
    def cluster_name(self) -> str:
        return self.object.labels.get(CLUSTER_NAME_LABEL, "")

    def related(self, relation: str) -> list[KubeObject]:
        return self.request.related(relation)


def paused(request: Request, reply: Reply) -> bool:
    """True where the object is paused: the Paused condition says so and nothing else may happen."""
    if not is_paused(request.cluster, request.object):
        reply.condition("Paused", False, "NotPaused")
        return False
    by_cluster = request.cluster is not None and request.cluster.get("spec/paused", False)
    reply.condition("Paused", True, "Paused",
                    "Cluster spec.paused is set to true" if by_cluster
                    else "annotation cluster.x-k8s.io/paused is set")
    return True


def under_way(reply: Reply, wait: InProgress, fallback: str = "InProgress") -> None:
    """The step goes on later."""
    reply.ready(False, wait.reason or fallback, wait.message)
    reply.requeue_after(wait.requeue_after)


def failed(reply: Reply, error: Error, reason: str, event: str = "") -> Error:
    """The step failed: Ready=False with the error's own reason or the given one; to be raised."""
    reply.ready(False, error.reason or reason, error.text)
    if event:
        reply.event(event, error.summary, "Warning")
    return error


def finalizer_is_stored(request: Request, reply: Reply, name: str) -> bool:
    """Nothing is made outside before the finalizer that protects it is stored; the write of it
    wakes the object."""
    if name in request.object.finalizers:
        return True
    reply.add_finalizer(name)
    return False


def provisioned(item: KubeObject) -> bool:
    return item.get("status/initialization/provisioned", False)


def concrete_kinds(module: Any) -> list[type[Reconciler]]:
    """The classes of a module that have a kind and nothing left abstract."""
    found = [value for value in vars(module).values()
             if isinstance(value, type) and issubclass(value, Reconciler)]
    return [value for value in found
            if value.kind and not getattr(value, "__abstractmethods__", None)]
