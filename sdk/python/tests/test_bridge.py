"""Whatever an author's code does becomes a status, a reply and diagnostics."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import pytest

import capstan
from capstan._bridge import Instance
from capstan.host import NativeHost, SecretString
from capstan.testing import ActivationFailed, FakeCall, FakeHost, PluginUnderTest

THING = {"apiVersion": "example.dev/v1", "kind": "Thing",
         "metadata": {"name": "one", "namespace": "default", "uid": "u1"}}


class Thing(capstan.Reconciler):
    kind = "Thing"
    failure: BaseException | None = None

    def reconcile(self, request: capstan.Request, reply: capstan.Reply, call: capstan.Call) -> None:
        reply.status("seen", request.object.name)
        call.warn("a little odd", "/spec/size")
        if self.failure is not None:
            raise self.failure

    def admit(self, admission: capstan.Admission) -> None:
        if admission.object.get("spec/size", 0) > 100:
            raise capstan.Invalid("spec.size is above 100", field="/spec/size")
        admission.defaults["spec"] = {"colour": "blue" if admission.old is None else "red"}


def failing(failure: BaseException) -> PluginUnderTest:
    class Failing(Thing):
        pass
    Failing.failure = failure
    return PluginUnderTest(Failing)


def test_a_reply_and_its_warnings_arrive() -> None:
    outcome = PluginUnderTest(Thing).reconcile({"object": THING})
    assert outcome.status == capstan.Code.OK
    assert outcome.reply == {"patch": {"status": {"seen": "one"}}}
    assert outcome.diagnostics == [(2, "a little odd", "", "/spec/size", -1, False)]


def test_an_error_keeps_code_field_and_retry_time_and_the_reply_is_sent_all_the_same() -> None:
    outcome = failing(capstan.Unavailable("the cloud is away", detail="wait", retry_after=1.5)
                      ).reconcile({"object": THING})
    assert outcome.status == capstan.Code.UNAVAILABLE
    assert outcome.diagnostics[0] == (1, "the cloud is away", "wait", "", 1500, False)
    assert outcome.reply["patch"] == {"status": {"seen": "one"}}


def test_what_is_invalid_is_terminal() -> None:
    outcome = failing(capstan.Invalid("no such image", field="/spec/image")
                      ).reconcile({"object": THING})
    assert outcome.diagnostics[0] == (1, "no such image", "", "/spec/image", -1, True)


@pytest.mark.parametrize("failure", [ValueError("oh no"), SystemExit(3), KeyboardInterrupt(),
                                     MemoryError(), RecursionError("deep")])
def test_any_exception_becomes_internal_with_the_traceback(failure: BaseException) -> None:
    outcome = failing(failure).reconcile({"object": THING})
    assert outcome.status == capstan.Code.INTERNAL
    assert type(failure).__name__ in outcome.summary
    assert "test_bridge.py" in outcome.detail


def test_a_reply_that_is_no_json_is_an_error_of_the_plugin() -> None:
    class Odd(capstan.Reconciler):
        kind = "Thing"

        def reconcile(self, request: capstan.Request, reply: capstan.Reply, call: capstan.Call
                      ) -> None:
            reply.status("what", object())
    outcome = PluginUnderTest(Odd).reconcile({"object": THING})
    assert outcome.status == capstan.Code.INTERNAL
    assert outcome.reply == {}
    assert "not JSON serializable" in outcome.summary


def test_a_kind_without_a_class_is_unimplemented() -> None:
    outcome = PluginUnderTest(Thing).reconcile({"object": {**THING, "kind": "Other"}})
    assert outcome.status == capstan.Code.UNIMPLEMENTED


def test_admission_defaults_and_refuses() -> None:
    plugin = PluginUnderTest(Thing)
    assert plugin.admit({**THING, "spec": {"size": 3}}).reply == {"spec": {"colour": "blue"}}
    assert plugin.admit(THING, old=THING).reply == {"spec": {"colour": "red"}}
    refused = plugin.admit({**THING, "spec": {"size": 300}})
    assert refused.status == capstan.Code.INVALID
    assert refused.diagnostics[0][3] == "/spec/size"


def test_logging_goes_to_the_host_with_its_fields() -> None:
    class Talker(Thing):
        def reconcile(self, request: capstan.Request, reply: capstan.Reply, call: capstan.Call
                      ) -> None:
            logging.getLogger("any").warning("server %d made", 17, extra={"zone": "eu"})
            self.host.log.info("fine")
    plugin = PluginUnderTest(Talker)
    plugin.reconcile({"object": THING})
    assert plugin.host.log_lines == ['WARNING server 17 made {"zone": "eu"}', "INFO fine"]


def test_a_failed_activate_says_why_and_ends_what_had_begun() -> None:
    ended: list[str] = []

    class First(Thing):
        def deactivate(self) -> None:
            ended.append("first")

    class Second(Thing):
        kind = "Second"

        def activate(self, settings: capstan.Json) -> None:
            raise capstan.Invalid(f"no region {settings['region']}")
    with pytest.raises(ActivationFailed, match="no region mars"):
        PluginUnderTest(First, Second, settings={"region": "mars"})
    assert ended == ["first"]


def test_a_call_that_was_given_up_is_seen() -> None:
    class Long(Thing):
        def reconcile(self, request: capstan.Request, reply: capstan.Reply, call: capstan.Call
                      ) -> None:
            call.check()
    outcome = PluginUnderTest(Long).reconcile({"object": THING}, FakeCall(given_up=True))
    assert outcome.status == capstan.Code.CANCELLED


def test_a_secret_is_not_shown() -> None:
    secret = SecretString("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {secret!s} {[secret]} {vars(Thing)}"
    with pytest.raises(TypeError):
        json.dumps({"secret": secret})
    assert secret.reveal() == "hunter2"
    secret.wipe()
    assert not secret


def test_a_service_that_fails_raises_the_error_of_its_code() -> None:
    host = capstan.Host(FakeHost(secrets={"token": "abc"}))
    assert host.secrets.get("token").reveal() == "abc"
    with pytest.raises(capstan.NotFound, match='secret "other" has no value'):
        host.secrets.get("other")
    with pytest.raises(capstan.NotFound):
        host.objects.get("v1", "Secret", "default", "absent")
    assert host.objects.find("v1", "Secret", "default", "absent") is None
    with pytest.raises(capstan.Unavailable):
        host.workload.nodes("default", "c1")


# ---- folders -------------------------------------------------------------------------------


def instance(folder: Path, module: str, **python: str) -> Instance:
    native: NativeHost = FakeHost()
    manifest = {"python": {"module": module, **python}, "reconciles": [{"kind": "Thing"}]}
    return Instance(str(folder), json.dumps(manifest), native)


def write_plugin(folder: Path, top: str, text: str = "") -> None:
    (folder / top).mkdir(parents=True)
    (folder / top / "__init__.py").write_text("")
    (folder / top / "provider.py").write_text(text or (
        "import capstan\n"
        "class Thing(capstan.Reconciler):\n"
        "    kind = 'Thing'\n"
        "    def reconcile(self, request, reply, call):\n"
        "        reply.status('from', __file__)\n"))


@pytest.fixture(autouse=True)
def clean_modules() -> object:
    path, modules = list(sys.path), set(sys.modules)
    yield None
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith("folder_"):
            del sys.modules[name]


def test_a_folders_module_is_found_and_its_classes_are_made(tmp_path: Path) -> None:
    write_plugin(tmp_path, "folder_a")
    plugin = instance(tmp_path, "folder_a.provider")
    assert plugin.activate("{}")[0] == capstan.Code.OK
    status, reply, _ = plugin.reconcile(FakeCall(), {"object": json.dumps(THING)})
    assert status == capstan.Code.OK
    assert str(tmp_path) in reply


def test_after_deactivate_the_code_is_read_anew(tmp_path: Path) -> None:
    write_plugin(tmp_path, "folder_g")
    plugin = instance(tmp_path, "folder_g.provider")
    plugin.activate("")
    plugin.deactivate()
    code = tmp_path / "folder_g" / "provider.py"
    code.write_text(code.read_text().replace("__file__", "'the new code'"))
    plugin.activate("")
    assert "the new code" in plugin.reconcile(FakeCall(), {"object": json.dumps(THING)})[1]


def test_two_folders_with_one_module_name_do_not_mix(tmp_path: Path) -> None:
    write_plugin(tmp_path / "one", "folder_b")
    write_plugin(tmp_path / "two", "folder_b")
    assert instance(tmp_path / "one", "folder_b.provider").activate("")[0] == capstan.Code.OK
    status, _, diagnostics = instance(tmp_path / "two", "folder_b.provider").activate("")
    assert status == capstan.Code.FAILED_PRECONDITION
    assert "is loaded already from" in diagnostics[0][1]
    assert "isolation: process" in diagnostics[0][2]


def test_a_module_that_does_not_import_is_told_with_the_traceback(tmp_path: Path) -> None:
    write_plugin(tmp_path, "folder_c", "import no_such_module\n")
    status, _, diagnostics = instance(tmp_path, "folder_c.provider").activate("")
    assert status == capstan.Code.INTERNAL
    assert "No module named 'no_such_module'" in diagnostics[0][1]
    assert "provider.py" in diagnostics[0][2]


def test_a_kind_of_the_manifest_without_a_class_is_told(tmp_path: Path) -> None:
    write_plugin(tmp_path, "folder_d", "import capstan\n")
    status, _, diagnostics = instance(tmp_path, "folder_d.provider").activate("")
    assert status == capstan.Code.UNIMPLEMENTED
    assert diagnostics[0][1] == "there is no class for Thing"


def test_one_class_of_a_module_can_be_named(tmp_path: Path) -> None:
    write_plugin(tmp_path, "folder_h")
    plugin = instance(tmp_path, "folder_h.provider", **{"class": "Thing"})
    assert plugin.activate("")[0] == capstan.Code.OK
    plugin.deactivate()
    status, _, diagnostics = instance(
        tmp_path, "folder_h.provider", **{"class": "Thong"}).activate("")
    assert status == capstan.Code.INVALID
    assert "found: Thing" in diagnostics[0][2]


def test_requirements_without_a_venv_say_what_to_do(tmp_path: Path) -> None:
    write_plugin(tmp_path, "folder_e")
    plugin = instance(tmp_path, "folder_e.provider", requirements="requirements.txt")
    status, _, diagnostics = plugin.activate("")
    assert status == capstan.Code.FAILED_PRECONDITION
    assert "-m venv" in diagnostics[0][2]


def test_a_venvs_packages_are_found_and_one_of_another_python_is_refused(tmp_path: Path) -> None:
    write_plugin(tmp_path, "folder_f", "import folder_f_needs\nfrom folder_f.thing import Thing\n")
    (tmp_path / "folder_f" / "thing.py").write_text(
        "import capstan\nclass Thing(capstan.Reconciler):\n    kind = 'Thing'\n"
        "    def reconcile(self, request, reply, call): pass\n")
    series = f"{sys.version_info[0]}.{sys.version_info[1]}"
    packages = tmp_path / ".venv" / "lib" / f"python{series}" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "folder_f_needs.py").write_text("")
    configuration = tmp_path / ".venv" / "pyvenv.cfg"
    configuration.write_text("home = /usr/bin\nversion = 3.1.4\n")
    status, _, diagnostics = instance(tmp_path, "folder_f.provider").activate("")
    assert status == capstan.Code.FAILED_PRECONDITION
    assert f"made for Python 3.1, and this host has {series}" in diagnostics[0][1]
    configuration.write_text(f"home = /usr/bin\nversion = {series}.99\n")
    assert instance(tmp_path, "folder_f.provider").activate("")[0] == capstan.Code.OK
