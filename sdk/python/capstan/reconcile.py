"""The request that a provider answers, the call around it, and the reply that it builds up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from capstan.errors import Cancelled
from capstan.objects import Json, KubeObject, OwnerReference, merge_patch

Status = Literal["True", "False", "Unknown"]


class NativeCall(Protocol):
    """What the host gives with each call; the Python plugin library or a test implements it."""

    @property
    def attempt(self) -> int: ...
    @property
    def deadline_ns(self) -> int: ...
    @property
    def idempotency_key(self) -> str: ...
    @property
    def trace_id(self) -> str: ...
    def cancelled(self) -> bool: ...


@dataclass(frozen=True)
class Warning:
    summary: str
    field: str = ""


class Call:
    """How long the call may take, whether it was given up, how often it has failed."""

    def __init__(self, native: NativeCall) -> None:
        self._native = native
        self.warnings: list[Warning] = []

    @property
    def attempt(self) -> int:
        """Failures in a row for this object."""
        return self._native.attempt

    @property
    def deadline_ns(self) -> int:
        """On the host's monotonic clock; 0 is none."""
        return self._native.deadline_ns

    @property
    def idempotency_key(self) -> str:
        """The object's uid: external things are named or tagged by it."""
        return self._native.idempotency_key

    @property
    def trace_id(self) -> str:
        return self._native.trace_id

    @property
    def cancelled(self) -> bool:
        return self._native.cancelled()

    def check(self) -> None:
        """Raises Cancelled where the host has given up; for loops."""
        if self.cancelled:
            raise Cancelled("the host has given the call up")

    def warn(self, summary: str, field: str = "") -> None:
        """Shown to whoever made the change, without failing the call."""
        self.warnings.append(Warning(summary, field))


class Request:
    """The object and what stands around it. Each part is parsed when it is first asked for."""

    def __init__(self, members: Mapping[str, str]) -> None:
        """members: the request's top-level members as JSON text."""
        self._members = members
        self._objects: dict[str, KubeObject | None] = {}
        self._relations: dict[str, list[KubeObject]] | None = None
        self.object = KubeObject(members.get("object", "{}"))

    def _optional(self, name: str) -> KubeObject | None:
        if name not in self._objects:
            text = self._members.get(name, "null")
            self._objects[name] = None if text == "null" else KubeObject(text)
        return self._objects[name]

    @property
    def cluster(self) -> KubeObject | None:
        """The Cluster that the label cluster.x-k8s.io/cluster-name names."""
        return self._optional("cluster")

    @property
    def owner(self) -> KubeObject | None:
        """The controller owner, else the first: the Machine of an infrastructure machine."""
        return self._optional("owner")

    @property
    def bootstrap_secret(self) -> KubeObject | None:
        return self._optional("bootstrapSecret")

    def related(self, relation: str) -> list[KubeObject]:
        """The objects of one of the manifest's relations; empty where there are none."""
        if self._relations is None:
            parsed = json.loads(self._members.get("relations", "{}"))
            self._relations = {name: [KubeObject(item) for item in items]
                               for name, items in parsed.items()}
        return self._relations.get(relation, [])

    @property
    def now(self) -> str:
        """The host's time, RFC 3339."""
        return str(json.loads(self._members.get("now", '""')))


@dataclass(frozen=True)
class Condition:
    type: str
    status: Status
    reason: str  # CamelCase, not empty
    message: str = ""


@dataclass(frozen=True)
class ObjectName:
    """Names an object of another kind. uid "" takes any."""

    api_version: str
    kind: str
    name: str
    namespace: str = ""
    uid: str = ""

    @staticmethod
    def of(item: KubeObject) -> ObjectName:
        return ObjectName(item.api_version, item.kind, item.name, item.namespace, item.uid)

    def json(self) -> Json:
        names = {"apiVersion": self.api_version, "kind": self.kind, "name": self.name,
                 "namespace": self.namespace, "uid": self.uid}
        return {key: value for key, value in names.items() if value}


class Reply:
    """What is to change. Later values for the same thing replace earlier ones."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._conditions: dict[str, Condition] = {}
        self._lists: dict[str, list[Json]] = {}
        self.patch: Json = {}  # the merge patch of the object, status included
        self.requeue_after_seconds: float | None = None

    def _set(self, root: str, path: str, value: Any) -> None:
        at = self.patch.setdefault(root, {})
        *parents, last = path.split("/")
        for part in parents:
            at = at.setdefault(part, {})
        at[last] = value

    def spec(self, path: str, value: Any) -> None:
        """Sets (None removes) a field below spec: "controlPlaneEndpoint/host"."""
        self._set("spec", path, value)

    def status(self, path: str, value: Any) -> None:
        self._set("status", path, value)

    def merge_status(self, fields: Mapping[str, Any]) -> None:
        if fields:
            merge_patch(self.patch.setdefault("status", {}), fields)

    def label(self, key: str, value: str | None) -> None:
        self.patch.setdefault("metadata", {}).setdefault("labels", {})[key] = value

    def annotation(self, key: str, value: str | None) -> None:
        """None removes it."""
        self.patch.setdefault("metadata", {}).setdefault("annotations", {})[key] = value

    def _finalizers(self) -> list[str]:
        # A merge patch replaces lists whole, so the list starts as the object has it.
        metadata = self.patch.setdefault("metadata", {})
        finalizers: list[str] = metadata.setdefault("finalizers",
                                                    list(self._request.object.finalizers))
        return finalizers

    def add_finalizer(self, name: str) -> None:
        if name not in self._request.object.finalizers:
            self._finalizers().append(name)

    def remove_finalizer(self, name: str) -> None:
        finalizers = self._finalizers()
        if name in finalizers:
            finalizers.remove(name)

    def condition(self, type: str, status: bool | Status, reason: str, message: str = "") -> None:
        value: Status = ("True" if status else "False") if isinstance(status, bool) else status
        self._conditions.pop(type, None)
        self._conditions[type] = Condition(type, value, reason, message)

    def ready(self, ready: bool, reason: str, message: str = "") -> None:
        self.condition("Ready", ready, reason, message)

    @property
    def conditions(self) -> Mapping[str, Condition]:
        return self._conditions

    def create(self, item: Mapping[str, Any]) -> None:
        """Made where it does not exist yet."""
        self._lists.setdefault("create", []).append(dict(item))

    def apply(self, item: Mapping[str, Any]) -> None:
        """Made or merged by server-side apply."""
        self._lists.setdefault("apply", []).append(dict(item))

    def delete(self, item: ObjectName) -> None:
        self._lists.setdefault("delete", []).append(item.json())

    def patch_other(self, item: ObjectName, patch: Mapping[str, Any]) -> None:
        self._lists.setdefault("patches", []).append({**item.json(), "patch": dict(patch)})

    def conditions_of(self, item: ObjectName, *conditions: Condition) -> None:
        """Conditions of another object, merged by type into what it has."""
        values = [asdict(condition) for condition in conditions]
        self._lists.setdefault("conditionsOf", []).append({**item.json(), "conditions": values})

    def event(self, reason: str, message: str, type: Literal["Normal", "Warning"] = "Normal"
              ) -> None:
        event = {"type": type, "reason": reason, "message": message}
        self._lists.setdefault("events", []).append(event)

    def requeue_after(self, seconds: float) -> None:
        """The earliest of several requests counts."""
        if self.requeue_after_seconds is None or seconds < self.requeue_after_seconds:
            self.requeue_after_seconds = seconds

    def owner_reference(self, controller: bool = True) -> OwnerReference:
        """From what is created to the object of the request."""
        item = self._request.object
        return {"apiVersion": item.api_version, "kind": item.kind, "name": item.name,
                "uid": item.uid, "controller": controller, "blockOwnerDeletion": True}

    def json(self) -> Json:
        """The reply as the ABI has it."""
        out: Json = dict(self._lists)
        if self.patch:
            out["patch"] = self.patch
        if self._conditions:
            out["conditions"] = [{"type": c.type, "status": c.status, "reason": c.reason,
                                  "message": c.message} for c in self._conditions.values()]
        if self.requeue_after_seconds is not None:
            out["requeueAfterMs"] = round(self.requeue_after_seconds * 1000)
        return out
