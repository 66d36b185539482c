"""Plugins that are enabled, exchanged and disabled while the server runs and objects change."""

import json
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import unittest

for beside in ("e2e", "plugin_chaos"):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / beside))
from api_load import COLLECTION, Api  # noqa: E402
from capstan_server import BUILD, Server, eventually  # noqa: E402

PLUGINS = BUILD / "tests" / "plugin_lifecycle" / "plugins"
OBJECTS = int(os.environ.get("CAPSTAN_TALLIES", "1000"))
RELOADS = int(os.environ.get("CAPSTAN_RELOADS", "100"))


def tally(name, value):
    return {"apiVersion": "test.capstan.dev/v1", "kind": "Tally",
            "metadata": {"name": name, "namespace": "default"}, "spec": {"value": value}}


class PluginLifecycleTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="capstan-tally-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.file = pathlib.Path(self.folder) / "tally.so"
        self.marks = pathlib.Path(self.folder) / "marks"
        self.marks.mkdir()
        self.put(1)
        self.server = Server()
        self.addCleanup(self.server.stop)
        self.server.start()
        self.apply_plugin()

    # As an upgrade does it: a new file takes the place of the old one.
    def put(self, version):
        new = self.file.with_suffix(".new")
        shutil.copy(PLUGINS / f"tally{version}.so", new)
        os.rename(new, self.file)

    def apply_plugin(self, **spec):
        self.write_plugin(settings={"folder": str(self.marks)}, **spec)
        self.expect_state("Running" if spec.get("enabled", True) else "Disabled")

    def write_plugin(self, **spec):
        plugin = {"apiVersion": "capstan.dev/v1alpha1", "kind": "Plugin",
                  "metadata": {"name": "tally"},
                  "spec": {"file": str(self.file), "isolation": self.isolation(), **spec}}
        self.server.kubectl("apply", "-f", "-", stdin=json.dumps(plugin))

    def isolation(self):
        return os.environ.get("CAPSTAN_PLUGIN_ISOLATION", "in-process")

    def plugin(self):
        return json.loads(self.server.kubectl("get", "plugin", "tally", "-o", "json").stdout)

    def expect_state(self, state):
        def reached():
            plugin = self.plugin()
            status = plugin.get("status", {})
            return (status.get("observedGeneration") == plugin["metadata"]["generation"]
                    and status.get("state") == state)
        eventually(reached, 60, f"the plugin is {state}")

    def tallies(self):
        return self.server.get("tallies")

    def change(self, count, value):
        items = [tally(f"t{i}", value) for i in range(count)]
        self.server.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(
            {"apiVersion": "v1", "kind": "List", "items": items}), timeout=300)

    def expect_all_seen(self, seconds=120):
        def seen():
            return all(t.get("status", {}).get("observedGeneration") == t["metadata"]["generation"]
                       and t["status"]["value"] == t["spec"]["value"] for t in self.tallies())
        eventually(seen, seconds, "every object's generation was seen", pause=0.3)
        self.assertFalse((self.marks / "overlap").exists(), "no object is in two calls at once")

    def test_a_plugin_that_is_applied_runs_and_one_that_is_deleted_ends(self):
        self.change(3, 1)
        self.expect_all_seen()
        self.server.kubectl("delete", "plugin", "tally", "--wait")
        self.change(3, 2)
        listed = self.server.capstan("plugin", "list").stdout
        self.assertNotIn("tally", listed)
        self.apply_plugin()
        self.expect_all_seen()

    def test_an_event_that_a_plugin_records_shows_on_its_object(self):
        self.change(1, 42)
        self.expect_all_seen()
        def told():
            return [e for e in self.server.get("events") if e["reason"] == "Answered"
                    and e["involvedObject"]["name"] == "t0" and e["message"] == "it was 42"]
        eventually(told, 30, "the event is there")

    def test_a_disabled_plugin_s_objects_wait_for_it(self):
        self.change(3, 1)
        self.expect_all_seen()
        said = self.server.capstan("plugin", "disable", "tally").stdout
        self.assertIn("disabled", said)
        self.change(3, 2)
        self.assertTrue(all(t["status"]["value"] == 1 for t in self.tallies()))
        said = self.server.capstan("plugin", "enable", "tally").stdout
        self.assertIn("1.0.0 runs", said)
        self.expect_all_seen()

    def test_upgrade_and_downgrade_of_the_same_shape(self):
        self.change(3, 1)
        self.expect_all_seen()
        for version in (2, 1):
            self.put(version)
            said = self.server.capstan("plugin", "reload", "tally").stdout
            self.assertIn(f"{version}.0.0 runs", said)
            self.change(3, 10 + version)
            self.expect_all_seen()
            self.assertEqual({t["status"]["version"] for t in self.tallies()}, {f"{version}.0.0"})

    def test_a_version_of_another_shape_takes_over_too(self):
        self.put(3)
        self.assertIn("3.0.0 runs", self.server.capstan("plugin", "reload", "tally").stdout)
        self.change(3, 5)
        self.expect_all_seen()
        self.assertEqual({t["status"]["version"] for t in self.tallies()}, {"3.0.0"})

    def test_nothing_is_stored_unchecked_while_the_plugin_that_checks_it_is_enabled(self):
        self.server.kubectl("delete", "plugin", "tally", "--wait")
        eventually(lambda: "tally" not in self.server.capstan("plugin", "list").stdout, 60,
                   "the plugin is gone")
        self.put(4)
        self.write_plugin(settings={"folder": str(self.marks), "waits": True})
        eventually((self.marks / "activating").exists, 60, "the plugin is becoming active")
        api = Api(self.server.kubeconfig)
        self.addCleanup(api.close)
        new = {**tally("early", 0), "spec": {}}
        status, answer = api.call("POST", f"{COLLECTION}/tallies", new)
        (self.marks / "gate").touch()
        self.assertEqual(status, 503, answer)
        self.expect_state("Running")
        status, answer = api.call("POST", f"{COLLECTION}/tallies", new)
        self.assertEqual((status, json.loads(answer).get("spec")), (201, {"value": 42}))

    def test_a_file_that_is_no_plugin_leaves_the_running_version_working(self):
        new = self.file.with_suffix(".new")
        new.write_bytes(b"no library")
        os.rename(new, self.file)
        failed = self.server.capstan("plugin", "reload", "tally", check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("still runs as before (version 1.0.0)", failed.stderr)
        self.change(3, 7)
        self.expect_all_seen()

    def process_figures(self):
        pid = self.server.process.pid
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        memory = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
        maps = pathlib.Path(f"/proc/{pid}/maps").read_text().count("tally")
        return memory, len(os.listdir(f"/proc/{pid}/fd")), maps

    def test_reloads_under_load_miss_nothing_and_leak_nothing(self):
        self.change(OBJECTS, 0)
        self.expect_all_seen(300)
        for i in range(5):  # what is made once is made
            self.server.capstan("plugin", "reload", "tally")
        before = self.process_figures()
        done = threading.Event()
        failures = []

        def load():
            try:
                value = 1
                while not done.is_set():
                    self.change(OBJECTS, value)
                    value += 1
            except Exception as error:  # pylint: disable=broad-except
                failures.append(error)
        writer = threading.Thread(target=load)
        writer.start()
        try:
            for i in range(RELOADS):
                self.put(1 + i % 2)
                self.server.capstan("plugin", "reload", "tally")
        finally:
            done.set()
            writer.join()
        self.assertEqual(failures, [])
        self.expect_all_seen(300)
        plugin = self.plugin()
        self.assertEqual(plugin["status"].get("pinned", []), [])
        def settled():
            after = self.process_figures()
            return after[1] <= before[1] + 8 and after[2] <= before[2] + 8
        eventually(settled, 60, f"descriptors and mappings are as before ({before})")
        memory = self.process_figures()[0]
        self.assertLess(memory, before[0] * 1.5 + 30_000, "kB of memory")
        print(f"{RELOADS} reloads over {OBJECTS} objects: kB, descriptors, mappings: {before} before, "
              f"{self.process_figures()} after", flush=True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
