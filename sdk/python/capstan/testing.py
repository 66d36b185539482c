"""For a provider's own tests: a host that only pretends, and the provider's classes called as
Capstan calls them, JSON text and all, without Capstan.

    host = FakeHost(secrets={"token": "abc"})
    plugin = PluginUnderTest(AcmeMachine, AcmeCluster, host=host, settings={"region": "eu"})
    machine = plugin.object(machine_json, cluster=cluster_json, owner=owner_json)
    machine.run()
    assert machine.condition("Ready") == "True"
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from capstan._bridge import ERROR, Instance, Outcome
from capstan.errors import Code, Error, Unavailable
from capstan.host import Answer, Diagnostic, HttpAnswer, NativeHost
from capstan.objects import Json, KubeObject, get_at, merge_patch
from capstan.reconciler import Reconciler

NOW = "2026-01-01T00:00:00Z"
RESYNC_MS = 45_000  # asked for so late, a call is a look without a reason


@dataclass
class FakeHost:
    """Every service, answered from members that the test sets."""

    secrets: dict[str, str] = field(default_factory=dict)
    objects: list[Json] = field(default_factory=list)  # what the objects service knows
    unix_time: float = 1_767_225_600.0  # 2026-01-01
    monotonic_time: float = 1.0
    # What workload clusters and the PKI answer; None: Unavailable.
    workload: Callable[[str, Json], HttpAnswer] | None = None
    pod: Callable[[str, Json], HttpAnswer] | None = None
    cluster_nodes: Callable[[str], Sequence[Json]] | None = None
    pki_service: Callable[[Json], Json] | None = None
    # What the provider did.
    log_lines: list[str] = field(default_factory=list)  # "INFO message {fields}"
    events: list[Json] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)  # "Kind namespace/name"
    metrics: dict[str, float] = field(default_factory=dict)
    _metric_names: list[str] = field(default_factory=list)

    def log(self, level: int, message: str, fields: str) -> None:
        name = ("?", "DEBUG", "INFO", "WARNING", "ERROR")[level if 0 < level < 5 else 0]
        self.log_lines.append(f"{name} {message}" + (f" {fields}" if fields else ""))

    def unix_nanos(self) -> int:
        return int(self.unix_time * 1e9)

    def monotonic_nanos(self) -> int:
        return int(self.monotonic_time * 1e9)

    def define_metric(self, type: int, name: str, help: str, labels: str) -> int:
        self._metric_names.append(name + labels)
        return len(self._metric_names)

    def record_metric(self, handle: int, value: float) -> None:
        name = self._metric_names[handle - 1]
        self.metrics[name] = self.metrics.get(name, 0.0) + value

    def secret(self, name: str) -> tuple[int, bytes]:
        if name not in self.secrets:
            return Code.NOT_FOUND, b""
        return Code.OK, self.secrets[name].encode()

    def find(self, kind: str, name: str, namespace: str = "default") -> Json | None:
        """For tests: a stored object."""
        return next((item for item in self.objects if item["kind"] == kind
                     and get_at(item, "metadata/name", "") == name
                     and get_at(item, "metadata/namespace", "") == namespace), None)

    def get_object(self, api_version: str, kind: str, namespace: str, name: str) -> Answer:
        item = self.find(kind, name, namespace)
        if item is None or _group(get_at(item, "apiVersion", "")) != _group(api_version):
            return Code.NOT_FOUND, "", None
        return Code.OK, json.dumps(item), None

    def list_objects(self, query: str) -> Answer:
        wanted = json.loads(query)
        return Code.OK, json.dumps([item for item in self.objects if _matches(item, wanted)]), None

    def record_event(self, event: str) -> None:
        self.events.append(json.loads(event))

    def wake(self, api_version: str, kind: str, namespace: str, name: str) -> None:
        self.woken.append(f"{kind} {namespace}/{name}")

    def workload_request(self, namespace: str, cluster: str, request: str) -> Answer:
        return _answered(self.workload, cluster, json.loads(request))

    def pod_request(self, namespace: str, cluster: str, request: str) -> Answer:
        return _answered(self.pod, cluster, json.loads(request))

    def nodes(self, namespace: str, cluster: str) -> Answer:
        return _answered(self.cluster_nodes, cluster)

    def pki(self, request: str) -> Answer:
        return _answered(self.pki_service, json.loads(request))


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]


def _matches(item: Json, query: Json) -> bool:
    labels: dict[str, str] = get_at(item, "metadata/labels", {})
    return (item["kind"] == query["kind"]
            and _group(item["apiVersion"]) == _group(query["apiVersion"])
            and query.get("namespace", "") in ("", get_at(item, "metadata/namespace", ""))
            and all(labels.get(key) == value for key, value in query.get("labels", {}).items())
            and ("owner" not in query or KubeObject(item).is_owned_by(query["owner"])))


def _answered(service: Callable[..., Any] | None, *arguments: Any) -> Answer:
    try:
        if service is None:
            raise Unavailable("the fake host has no answer")
        value = service(*arguments)
    except Error as error:
        return error.code, "", (ERROR, error.summary, error.detail, error.field, -1, error.terminal)
    if isinstance(value, HttpAnswer):
        value = {"status": value.status, "body": value.body}
    return Code.OK, json.dumps(value), None


@dataclass
class FakeCall:
    attempt: int = 0
    deadline_ns: int = 0
    idempotency_key: str = ""
    trace_id: str = ""
    given_up: bool = False

    def cancelled(self) -> bool:
        return self.given_up


@dataclass
class CallOutcome:
    """What a call gave back."""

    status: Code
    reply: Json
    diagnostics: list[Diagnostic]

    @property
    def summary(self) -> str:
        """Of the first error; "" where there is none."""
        return next((item[1] for item in self.diagnostics if item[0] == ERROR), "")

    @property
    def detail(self) -> str:
        return next((item[2] for item in self.diagnostics if item[0] == ERROR), "")


def _outcome(native: Outcome) -> CallOutcome:
    status, text, diagnostics = native
    return CallOutcome(Code(status), json.loads(text) if text else {}, diagnostics)


class ActivationFailed(Exception):
    """`activate` refused; the text is the first diagnostic."""


class PluginUnderTest:
    """The given classes as one plugin, activated."""

    def __init__(self, *classes: type[Reconciler], host: FakeHost | None = None,
                 settings: Json | None = None) -> None:
        self.host = host or FakeHost()
        native: NativeHost = self.host
        self._instance = Instance(".", "{}", native, classes)
        outcome = _outcome(self._instance.activate(json.dumps(settings or {})))
        if outcome.status != Code.OK:
            raise ActivationFailed(outcome.summary)

    def deactivate(self) -> None:
        self._instance.deactivate()

    def reconcile(self, request: Mapping[str, Any], call: FakeCall | None = None) -> CallOutcome:
        members = {name: json.dumps(value) for name, value in request.items()}
        return _outcome(self._instance.reconcile(call or FakeCall(), members))

    def admit(self, item: Json, old: Json | None = None) -> CallOutcome:
        """The reply is the patch of defaults."""
        text = json.dumps(old) if old is not None else ""
        return _outcome(self._instance.admit(FakeCall(), json.dumps(item), text))

    def object(self, item: Json, **around: Any) -> ReconciledObject:
        """around: cluster, owner, bootstrap_secret, relations."""
        return ReconciledObject(self, item, **around)


class ReconciledObject:
    """An object that is reconciled again and again, each reply committed as the host would: its own
    patch and conditions, and what it creates, patches and deletes among the host's objects."""

    def __init__(self, plugin: PluginUnderTest, item: Json, *, cluster: Json | None = None,
                 owner: Json | None = None, bootstrap_secret: Json | None = None,
                 relations: dict[str, list[Json]] | None = None) -> None:
        self.plugin = plugin
        self.object = item
        self.cluster = cluster
        self.owner = owner
        self.bootstrap_secret = bootstrap_secret
        self.relations = relations or {}
        self.now = NOW
        self.last = CallOutcome(Code.OK, {}, [])

    def step(self) -> CallOutcome:
        """One call and its commit."""
        request: Json = {"object": self.object, "relations": self.relations, "now": self.now,
                         "cluster": self.cluster, "owner": self.owner,
                         "bootstrapSecret": self.bootstrap_secret}
        self.last = self.plugin.reconcile(
            {name: value for name, value in request.items() if value is not None})
        reply = self.last.reply
        merge_patch(self.object, copy.deepcopy(reply.get("patch", {})))
        _set_conditions(self.object, reply.get("conditions", []))
        self._commit(reply)
        return self.last

    def run(self, steps: int = 10) -> CallOutcome:
        """So many calls, or fewer where one changes nothing and asks for no early further one."""
        for _ in range(steps):
            before = json.dumps([self.object, self.plugin.host.objects], sort_keys=True)
            reply = self.step().reply
            after = json.dumps([self.object, self.plugin.host.objects], sort_keys=True)
            if after == before and reply.get("requeueAfterMs", RESYNC_MS) >= RESYNC_MS:
                break
        return self.last

    def _commit(self, reply: Json) -> None:
        objects = self.plugin.host.objects
        for item in [*reply.get("create", []), *reply.get("apply", [])]:
            metadata = item["metadata"]
            host = self.plugin.host
            if host.find(item["kind"], metadata["name"], metadata.get("namespace", "")) is None:
                made = copy.deepcopy(item)
                made["metadata"].setdefault("uid", f"uid-{item['kind']}-{metadata['name']}")
                made["metadata"].setdefault("creationTimestamp", self.now)
                objects.append(made)
        for change in reply.get("patches", []):
            merge_patch(self._named(change), copy.deepcopy(change["patch"]))
        for change in reply.get("conditionsOf", []):
            _set_conditions(self._named(change), change["conditions"])
        for name in reply.get("delete", []):
            item = self._named(name)
            if get_at(item, "metadata/finalizers", []):
                item["metadata"]["deletionTimestamp"] = self.now
            else:
                objects.remove(item)

    def _named(self, name: Json) -> Json:
        found = self.plugin.host.find(name["kind"], name["name"], name.get("namespace", ""))
        if found is None:
            raise AssertionError(f"the reply touches {name['kind']} {name['name']}, which is not "
                                 "among the host's objects")
        return found

    def condition(self, kind: str) -> str:
        """Its status, "" where absent."""
        return (KubeObject(self.object).condition(kind) or {}).get("status", "")

    def reason(self, kind: str) -> str:
        return (KubeObject(self.object).condition(kind) or {}).get("reason", "")

    def message(self, kind: str) -> str:
        return (KubeObject(self.object).condition(kind) or {}).get("message", "")

    def ask_deletion(self) -> None:
        self.object["metadata"]["deletionTimestamp"] = self.now

    @property
    def gone(self) -> bool:
        """True where it is to be deleted and no finalizer holds it: the host would remove it."""
        metadata = self.object["metadata"]
        return bool(metadata.get("deletionTimestamp")) and not metadata.get("finalizers")


def _set_conditions(item: Json, conditions: Sequence[Json]) -> None:
    if not conditions:
        return
    present: list[Json] = item.setdefault("status", {}).setdefault("conditions", [])
    for condition in conditions:
        known = next((one for one in present if one["type"] == condition["type"]), None)
        if known is None:
            present.append(dict(condition))
        else:
            known.update(condition)
