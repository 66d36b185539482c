"""Between the Python plugin library and an author's code: finds the classes, calls them, and turns
whatever comes out of them into a status, a reply and diagnostics. Not for authors."""

from __future__ import annotations

import importlib
import json
import logging
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType

from capstan._venv import add_to_path
from capstan.errors import Code, Error, FailedPrecondition, Invalid, Unimplemented
from capstan.host import Diagnostic, Host, HostLogHandler, NativeHost, current_host
from capstan.objects import Json, KubeObject
from capstan.reconcile import Call, NativeCall, Reply, Request
from capstan.reconciler import Admission, Reconciler, concrete_kinds

ERROR, WARNING = 1, 2

# status, reply, diagnostics
Outcome = tuple[int, str, list[Diagnostic]]

_handler = HostLogHandler()


def _diagnostic(error: Error, severity: int = ERROR) -> Diagnostic:
    retry = -1 if error.retry_after is None else round(error.retry_after * 1000)
    return (severity, error.summary, error.detail, error.field, retry, error.terminal)


def _unexpected(error: BaseException, what: str) -> Diagnostic:
    """What no author meant to happen: the traceback is what helps."""
    name = type(error).__name__
    text = str(error)
    summary = f"{what} raised {name}" + (f": {text}" if text else "")
    detail = "".join(traceback.format_exception(error)).strip()
    return (ERROR, summary.splitlines()[0], detail, "", -1, False)


def _guarded(what: str, body: Callable[[], str], reply: Callable[[], str] = lambda: "") -> Outcome:
    """Nothing gets out of here: SystemExit and KeyboardInterrupt would end the host."""
    try:
        return Code.OK, body(), []
    except Error as error:
        code = error.code if error.code != Code.OK else Code.UNKNOWN
        diagnostics = [_diagnostic(error)]
    except BaseException as error:  # noqa: B036
        code, diagnostics = Code.INTERNAL, [_unexpected(error, what)]
    try:
        return code, reply(), diagnostics
    except BaseException as error:  # noqa: B036
        return Code.INTERNAL, "", [*diagnostics, _unexpected(error, what)]


def _dump(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class Instance:
    """One plugin: its folder, its manifest and the objects of its classes."""

    def __init__(self, folder: str, manifest: str, native: NativeHost,
                 classes: Sequence[type[Reconciler]] | None = None) -> None:
        """classes: instead of those of the module that the manifest names."""
        self._folder = Path(folder).resolve()
        self._native = native
        self._manifest: Json = json.loads(manifest)
        self._classes = classes
        self._reconcilers: dict[str, Reconciler] = {}
        self._active: list[Reconciler] = []

    def _call(self, what: str, body: Callable[[], str], reply: Callable[[], str] = lambda: ""
              ) -> Outcome:
        token = current_host.set(self._native)
        try:
            return _guarded(what, body, reply)
        finally:
            current_host.reset(token)

    # ---- control ---------------------------------------------------------------------------

    def activate(self, settings: str) -> Outcome:
        def body() -> str:
            _log_to_host(self._folder, self._native)
            self._reconcilers = self._make()
            parsed = json.loads(settings) if settings else {}
            for reconciler in self._reconcilers.values():
                reconciler.activate(parsed)
                self._active.append(reconciler)
            return ""
        outcome = self._call("activate", body)
        if outcome[0] != Code.OK:
            self.deactivate()
        return outcome

    def deactivate(self) -> Outcome:
        diagnostics: list[Diagnostic] = []
        while self._active:
            reconciler = self._active.pop()
            diagnostics += self._call("deactivate", partial(_deactivate, reconciler))[2]
        self._reconcilers = {}
        _handler.remove(self._folder)
        if self._classes is None:
            _forget_modules(self._folder)
        return Code.OK, "", diagnostics

    def _import(self) -> ModuleType:
        module = self._manifest.get("python", {}).get("module", "")
        if not module:
            raise Invalid("plugin.yaml has no python.module",
                          detail="Name the module that has the plugin's classes.")
        top = module.partition(".")[0]
        known = sys.modules.get(top)
        if known is not None and not _is_inside(known, self._folder):
            place = getattr(known, "__file__", None) or "the interpreter itself"
            raise FailedPrecondition(
                f'module "{top}" is loaded already from {place}',
                detail="Plugins in one process need top-level modules of different names; rename "
                       "it, or run the plugin with isolation: process.")
        add_to_path(self._folder, self._manifest["python"])
        return importlib.import_module(module)

    def _named(self, module: ModuleType) -> Sequence[type[Reconciler]]:
        """All of the module, or only the one that python.class names."""
        classes = concrete_kinds(module)
        name = self._manifest["python"].get("class", "")
        chosen = [kind for kind in classes if not name or kind.__name__ == name]
        if name and not chosen:
            raise Invalid(
                f"python.class is {name}, and module {module.__name__} has no such class",
                detail="A class derives from a base of the SDK and has `kind`; found: "
                       f"{', '.join(kind.__name__ for kind in classes) or 'none'}.")
        return chosen

    def _make(self) -> dict[str, Reconciler]:
        host = Host(self._native)
        classes = self._classes
        if classes is None:
            classes = self._named(self._import())
        made = {kind.kind: kind(host) for kind in classes}
        wanted = [entry["kind"] for entry in self._manifest.get("reconciles", [])]
        missing = [kind for kind in wanted if kind not in made]
        if missing:
            raise Unimplemented(
                f"there is no class for {', '.join(missing)}",
                detail='A class derives from a base of the SDK and has `kind = "..."`; '
                       f"found: {', '.join(sorted(made)) or 'none'}.")
        return made

    # ---- work --------------------------------------------------------------------------------

    def reconcile(self, native: NativeCall, members: Mapping[str, str]) -> Outcome:
        """members: the request's top-level members as JSON text."""
        request = Request(members)
        reply = Reply(request)
        call = Call(native)

        def body() -> str:
            self._reconciler(request.object).reconcile(request, reply, call)
            return _dump(reply.json())
        status, text, diagnostics = self._call("reconcile", body, lambda: _dump(reply.json()))
        return status, text, diagnostics + _warnings(call)

    def admit(self, native: NativeCall, item: str, old: str) -> Outcome:
        admission = Admission(KubeObject(item), KubeObject(old) if old else None)

        def body() -> str:
            self._reconciler(admission.object).admit(admission)
            return _dump(admission.defaults) if admission.defaults else ""
        return self._call("admit", body)

    def _reconciler(self, item: KubeObject) -> Reconciler:
        reconciler = self._reconcilers.get(item.kind)
        if reconciler is None:
            raise Unimplemented(
                f"the plugin has no class for kind {item.kind}",
                detail="Remove the kind from the manifest or add a class.")
        return reconciler


def _deactivate(reconciler: Reconciler) -> str:
    reconciler.deactivate()
    return ""


def _warnings(call: Call) -> list[Diagnostic]:
    return [(WARNING, warning.summary, "", warning.field, -1, False) for warning in call.warnings]


def _is_inside(module: ModuleType, folder: Path) -> bool:
    places = [getattr(module, "__file__", None) or "", *getattr(module, "__path__", [])]
    return any(place and Path(place).resolve().is_relative_to(folder) for place in places)


def _forget_modules(folder: Path) -> None:
    """So that the next activate reads the code anew. What the venv has stays: modules written in C
    are not loaded twice."""
    for name, module in list(sys.modules.items()):
        place = getattr(module, "__file__", None) or ""
        if _is_inside(module, folder) and "site-packages" not in place:
            del sys.modules[name]
    importlib.invalidate_caches()


def _log_to_host(folder: Path, native: NativeHost) -> None:
    root = logging.getLogger()
    if _handler not in root.handlers:
        root.addHandler(_handler)
        root.setLevel(logging.INFO)
    _handler.add(folder, native)
