"""The host's services, typed. Usable from `activate` on, from any thread.

A service that the host does not have raises Unimplemented (or does nothing, where nothing can be
answered), so that a provider needs no checks of its own.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from capstan.errors import Code, Error, NotFound, Unimplemented
from capstan.objects import Json, KubeObject

# severity, summary, detail, field, retry_after_ms (< 0: not said), terminal
Diagnostic = tuple[int, str, str, str, int, bool]
Answer = tuple[int, str, Diagnostic | None]


class NativeHost(Protocol):
    """The services as the ABI has them; the Python plugin library or a test implements it."""

    def log(self, level: int, message: str, fields: str) -> None: ...
    def unix_nanos(self) -> int: ...
    def monotonic_nanos(self) -> int: ...
    def define_metric(self, type: int, name: str, help: str, labels: str) -> int: ...
    def record_metric(self, handle: int, value: float) -> None: ...
    def secret(self, name: str) -> tuple[int, bytes]: ...
    def get_object(self, api_version: str, kind: str, namespace: str, name: str) -> Answer: ...
    def list_objects(self, query: str) -> Answer: ...
    def record_event(self, event: str) -> None: ...
    def wake(self, api_version: str, kind: str, namespace: str, name: str) -> None: ...
    def workload_request(self, namespace: str, cluster: str, request: str) -> Answer: ...
    def pod_request(self, namespace: str, cluster: str, request: str) -> Answer: ...
    def nodes(self, namespace: str, cluster: str) -> Answer: ...
    def pki(self, request: str) -> Answer: ...


def _value(answer: Answer, what: str) -> str:
    status, text, diagnostic = answer
    if status == Code.OK:
        return text
    if diagnostic is not None:
        _, summary, detail, field, retry_after_ms, terminal = diagnostic
        error = Error.of(status, summary, detail)
        error.field = field
        error.retry_after = retry_after_ms / 1000 if retry_after_ms >= 0 else None
        error.terminal = terminal
        raise error
    if status == Code.UNIMPLEMENTED:
        raise Unimplemented(f"{what}: the host does not offer it",
                            detail="Name it in the manifest's `needs`, or use a newer host.")
    name = Code(status).name if status in Code._value2member_map_ else str(status)
    raise Error.of(status, f"{what} failed ({name})")


class SecretString:
    """A secret's value. Neither print, repr, format nor json show it; `reveal()` does.

    The bytes are wiped when it goes out of scope; copies that reveal() gave are the caller's.
    """

    __slots__ = ("_bytes",)

    def __init__(self, value: bytes | str) -> None:
        self._bytes = bytearray(value.encode() if isinstance(value, str) else value)

    def reveal(self) -> str:
        return self._bytes.decode()

    def wipe(self) -> None:
        self._bytes[:] = bytes(len(self._bytes))
        self._bytes.clear()

    def __del__(self) -> None:
        self.wipe()

    def __bool__(self) -> bool:
        return bool(self._bytes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretString) and self._bytes == other._bytes

    def __hash__(self) -> int:
        raise TypeError("a SecretString is no key")

    def __repr__(self) -> str:
        return "SecretString(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> str:
        raise TypeError("a SecretString is not pickled")


class Clock:
    """Time; a simulation stands behind it in tests."""

    def __init__(self, native: NativeHost) -> None:
        self._native = native

    def unix(self) -> float:
        return self._native.unix_nanos() / 1e9

    def monotonic(self) -> float:
        return self._native.monotonic_nanos() / 1e9


class Metric:
    """One counter, gauge or histogram: record() adds, sets or observes."""

    def __init__(self, native: NativeHost, handle: int) -> None:
        self._native = native
        self._handle = handle

    def record(self, value: float = 1.0) -> None:
        if self._handle:
            self._native.record_metric(self._handle, value)


class Metrics:
    """Under capstan_plugin_<plugin>_<name>; defined once, in activate."""

    def __init__(self, native: NativeHost) -> None:
        self._native = native

    def _define(self, type: int, name: str, help: str, labels: Mapping[str, str] | None) -> Metric:
        text = json.dumps(dict(labels)) if labels else ""
        return Metric(self._native, self._native.define_metric(type, name, help, text))

    def counter(self, name: str, help: str, labels: Mapping[str, str] | None = None) -> Metric:
        return self._define(1, name, help, labels)

    def gauge(self, name: str, help: str, labels: Mapping[str, str] | None = None) -> Metric:
        return self._define(2, name, help, labels)

    def histogram(self, name: str, help: str, labels: Mapping[str, str] | None = None) -> Metric:
        return self._define(3, name, help, labels)


class Secrets:
    def __init__(self, native: NativeHost) -> None:
        self._native = native

    def get(self, name: str) -> SecretString:
        """Raises NotFound where the config maps no value to the name, PermissionDenied where the
        manifest's needs.secrets does not name it."""
        status, value = self._native.secret(name)
        if status == Code.NOT_FOUND:
            raise NotFound(f'secret "{name}" has no value',
                           detail="Set it under the plugin's `secrets` in the config.")
        _value((status, "", None), f'reading secret "{name}"')
        return SecretString(value)


class Objects:
    """Stored objects of the provider's own kinds and of those in the manifest's needs.objects."""

    def __init__(self, native: NativeHost) -> None:
        self._native = native

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> KubeObject:
        """Raises NotFound; PermissionDenied where the manifest does not name the kind."""
        answer = self._native.get_object(api_version, kind, namespace, name)
        return KubeObject(_value(answer, f"reading {kind} {namespace}/{name}"))

    def find(self, api_version: str, kind: str, namespace: str, name: str) -> KubeObject | None:
        """As get, None where absent."""
        try:
            return self.get(api_version, kind, namespace, name)
        except NotFound:
            return None

    def list(self, api_version: str, kind: str, namespace: str = "", *,
             labels: Mapping[str, str] | None = None, owner_uid: str = "") -> list[KubeObject]:
        query: Json = {"apiVersion": api_version, "kind": kind}
        if namespace:
            query["namespace"] = namespace
        if labels:
            query["labels"] = dict(labels)
        if owner_uid:
            query["owner"] = owner_uid
        text = _value(self._native.list_objects(json.dumps(query)), f"listing {kind}")
        return [KubeObject(item) for item in json.loads(text)]


class Events:
    """Events outside of a reconcile call; within one, Reply.event."""

    def __init__(self, native: NativeHost) -> None:
        self._native = native

    def record(self, regarding: KubeObject, reason: str, message: str, type: str = "Normal"
               ) -> None:
        names = {"apiVersion": regarding.api_version, "kind": regarding.kind,
                 "namespace": regarding.namespace, "name": regarding.name, "uid": regarding.uid}
        self._native.record_event(json.dumps(
            {"regarding": names, "type": type, "reason": reason, "message": message}))


class Wake:
    """Asks for a reconcile of one of the provider's objects, from one of its own threads."""

    def __init__(self, native: NativeHost) -> None:
        self._native = native

    def wake(self, api_version: str, kind: str, namespace: str, name: str) -> None:
        self._native.wake(api_version, kind, namespace, name)


@dataclass(frozen=True)
class HttpAnswer:
    status: int
    body: str

    def json(self) -> Any:
        return json.loads(self.body)


class Workload:
    """Requests to workload clusters, by the name of their Cluster. Raises Unavailable where the
    cluster does not answer, FailedPrecondition where it has no kubeconfig yet."""

    def __init__(self, native: NativeHost) -> None:
        self._native = native

    def request(self, namespace: str, cluster: str, method: str, path: str, *,
                body: str = "", content_type: str = "", timeout: float = 0) -> HttpAnswer:
        """An HTTP error is an answer."""
        request: Json = {"method": method, "path": path}
        if body:
            request["body"] = body
            request["contentType"] = content_type or "application/json"
        if timeout:
            request["timeoutMs"] = round(timeout * 1000)
        answer = self._native.workload_request(namespace, cluster, json.dumps(request))
        return self._answer(answer, cluster)

    def pod_request(self, namespace: str, cluster: str, request: Mapping[str, Any]) -> HttpAnswer:
        """With podNamespace, pod, port, serverName, ca, certificate and key in the request."""
        answer = self._native.pod_request(namespace, cluster, json.dumps(dict(request)))
        return self._answer(answer, cluster)

    def nodes(self, namespace: str, cluster: str) -> list[KubeObject]:
        """The cluster's Nodes, from a watch that the host keeps."""
        text = _value(self._native.nodes(namespace, cluster), f"listing nodes of {cluster}")
        return [KubeObject(item) for item in json.loads(text)]

    @staticmethod
    def _answer(answer: Answer, cluster: str) -> HttpAnswer:
        parsed = json.loads(_value(answer, f"request to cluster {cluster}"))
        return HttpAnswer(int(parsed.get("status", 0)), str(parsed.get("body", "")))


class Pki:
    """Keys and certificates, made by the host; requests as capstan.pki/1 has them."""

    def __init__(self, native: NativeHost) -> None:
        self._native = native

    def run(self, op: str, **request: Any) -> dict[str, str]:
        text = _value(self._native.pki(json.dumps({"op": op, **request})), f"pki operation {op}")
        return cast(dict[str, str], json.loads(text))


class Host:
    """Everything that the host offers to one plugin."""

    def __init__(self, native: NativeHost) -> None:
        self.native = native
        self.log = logging.getLogger("capstan.plugin")
        self.clock = Clock(native)
        self.metrics = Metrics(native)
        self.secrets = Secrets(native)
        self.objects = Objects(native)
        self.events = Events(native)
        self.wake = Wake(native)
        self.workload = Workload(native)
        self.pki = Pki(native)


# Which plugin's code runs; threads of a plugin's own have none.
current_host: ContextVar[NativeHost | None] = ContextVar("capstan_host", default=None)

_OWN_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class HostLogHandler(logging.Handler):
    """Sends records to the log of the plugin that wrote them: that of the running call, else the
    one whose folder the code is in. Values given with `extra=` become fields of the line."""

    def __init__(self) -> None:
        super().__init__()
        self._hosts: dict[Path, NativeHost] = {}

    def add(self, folder: Path, native: NativeHost) -> None:
        self._hosts[folder] = native

    def remove(self, folder: Path) -> None:
        self._hosts.pop(folder, None)

    def _host(self, record: logging.LogRecord) -> NativeHost | None:
        native = current_host.get()
        if native is not None:
            return native
        path = Path(record.pathname)
        inside = [host for folder, host in self._hosts.items() if path.is_relative_to(folder)]
        return next(iter(inside or self._hosts.values()), None)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            native = self._host(record)
            if native is None:
                return
            level = min(4, max(1, record.levelno // 10))
            fields = {key: value for key, value in vars(record).items() if key not in _OWN_FIELDS}
            if record.exc_info:
                fields["traceback"] = logging.Formatter().formatException(record.exc_info)
            text = json.dumps(fields, default=repr) if fields else ""
            native.log(level, record.getMessage(), text)
        except Exception:
            self.handleError(record)
