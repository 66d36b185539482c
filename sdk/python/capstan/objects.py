"""Kubernetes objects as a provider reads them.

    machine = KubeObject(text)          # parsed when it is first looked at
    machine.get("spec/version", "")     # a path; the default where anything on it is absent
    machine.typed(K3sConfig)            # the same as a TypedDict of the author's
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypedDict, TypeVar, cast

CLUSTER_NAME_LABEL = "cluster.x-k8s.io/cluster-name"
CONTROL_PLANE_LABEL = "cluster.x-k8s.io/control-plane"
PAUSED_ANNOTATION = "cluster.x-k8s.io/paused"
MANAGED_BY = "cluster.x-k8s.io/managed-by"
CORE_API = "cluster.x-k8s.io/v1beta2"

Json = dict[str, Any]
T = TypeVar("T")
TypedObject = TypeVar("TypedObject", bound=Mapping[str, object])


class OwnerReference(TypedDict, total=False):
    apiVersion: str
    kind: str
    name: str
    uid: str
    controller: bool
    blockOwnerDeletion: bool


class Metadata(TypedDict, total=False):
    name: str
    namespace: str
    uid: str
    labels: dict[str, str]
    annotations: dict[str, str]
    finalizers: list[str]
    ownerReferences: list[OwnerReference]
    creationTimestamp: str
    deletionTimestamp: str
    generation: int
    resourceVersion: str


class ConditionDict(TypedDict, total=False):
    type: str
    status: str
    reason: str
    message: str
    lastTransitionTime: str


def get_at(value: object, path: str, default: T) -> T:
    """The value at a path such as "spec/ports/0/name"; `default` where it is absent or null."""
    for part in path.split("/"):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return default
    return default if value is None else cast(T, value)


def merge_patch(target: Json, patch: Mapping[str, Any]) -> Json:
    """RFC 7386, in place."""
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, Mapping):
            current = target.get(key)
            target[key] = merge_patch(current if isinstance(current, dict) else {}, value)
        else:
            target[key] = value
    return target


class KubeObject:
    """An object by its JSON text, parsed when it is first looked at. To be read, not changed."""

    __slots__ = ("_text", "_raw")

    def __init__(self, source: str | Json) -> None:
        self._text = source if isinstance(source, str) else ""
        self._raw: Json | None = None if isinstance(source, str) else source

    @property
    def raw(self) -> Json:
        if self._raw is None:
            self._raw = cast(Json, json.loads(self._text))
            self._text = ""
        return self._raw

    def typed(self, shape: type[TypedObject]) -> TypedObject:
        """The object seen as a TypedDict; the server has checked it against the kind's schema."""
        return cast(TypedObject, self.raw)

    def get(self, path: str, default: T) -> T:
        return get_at(self.raw, path, default)

    def has(self, path: str) -> bool:
        return get_at(self.raw, path, None) is not None

    @property
    def api_version(self) -> str:
        return self.get("apiVersion", "")

    @property
    def kind(self) -> str:
        return self.get("kind", "")

    @property
    def metadata(self) -> Metadata:
        return cast(Metadata, self.raw.get("metadata", {}))

    @property
    def spec(self) -> Json:
        return self.get("spec", {})

    @property
    def status(self) -> Json:
        return self.get("status", {})

    @property
    def name(self) -> str:
        return self.metadata.get("name", "")

    @property
    def namespace(self) -> str:
        return self.metadata.get("namespace", "")

    @property
    def uid(self) -> str:
        return self.metadata.get("uid", "")

    @property
    def labels(self) -> dict[str, str]:
        return self.metadata.get("labels", {})

    @property
    def annotations(self) -> dict[str, str]:
        return self.metadata.get("annotations", {})

    @property
    def finalizers(self) -> list[str]:
        return self.metadata.get("finalizers", [])

    @property
    def deleting(self) -> bool:
        return bool(self.metadata.get("deletionTimestamp"))

    def condition(self, kind: str) -> ConditionDict | None:
        conditions: list[ConditionDict] = self.get("status/conditions", [])
        return next((item for item in conditions if item.get("type") == kind), None)

    def condition_is_true(self, kind: str) -> bool:
        condition = self.condition(kind)
        return condition is not None and condition.get("status") == "True"

    def is_owned_by(self, uid: str) -> bool:
        return any(owner.get("uid") == uid for owner in self.metadata.get("ownerReferences", []))

    def __str__(self) -> str:
        """For messages: "DockerMachine default/worker-1"."""
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {place}{self.name}"

    __repr__ = __str__


def is_paused(cluster: KubeObject | None, item: KubeObject) -> bool:
    by_cluster = cluster is not None and cluster.get("spec/paused", False)
    return by_cluster or PAUSED_ANNOTATION in item.annotations


def is_externally_managed(item: KubeObject) -> bool:
    return MANAGED_BY in item.annotations or MANAGED_BY in item.labels


def infrastructure_provisioned(cluster: KubeObject) -> bool:
    return cluster.get("status/initialization/infrastructureProvisioned", False)


def control_plane_initialized(cluster: KubeObject) -> bool:
    return (cluster.get("status/initialization/controlPlaneInitialized", False)
            or cluster.condition_is_true("ControlPlaneInitialized"))


def is_control_plane_machine(machine: KubeObject) -> bool:
    return CONTROL_PLANE_LABEL in machine.labels
