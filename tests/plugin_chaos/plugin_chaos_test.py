"""A plugin in a process of its own is killed, hangs, starves, uses up its memory and talks nonsense,
hundreds of times while objects change. The rest of the server must not notice, nothing may be lost,
and nothing may be left.

  CAPSTAN_CHAOS_ROUNDS=20   more than the 4 of a usual run (about a minute and a half)
  CAPSTAN_CHAOS_SEED=7      the choices of an earlier run; each run prints its seed
  CAPSTAN_CHAOS_ISOLATION=sandbox
"""

import concurrent.futures
import json
import multiprocessing
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from api_load import COLLECTION, Api, change_objects, time_calls  # noqa: E402
from capstan_server import BUILD, Server, eventually  # noqa: E402

PLUGINS = BUILD / "tests" / "plugin_chaos" / "plugins"
ROUNDS = int(os.environ.get("CAPSTAN_CHAOS_ROUNDS", "4"))
SEED = int(os.environ.get("CAPSTAN_CHAOS_SEED", str(random.randrange(1 << 32))))
ISOLATION = os.environ.get("CAPSTAN_CHAOS_ISOLATION", "process")
OBJECTS = {"ordeals": 300, "calms": 100}
QUIET_SECONDS = 5
# In each round, in an order of chance: signals that the process gets, and what it does itself.
KILLS = 40
STOPS = 1
ACTS = {"crash": 10, "exit": 6, "garbage": 4, "service-garbage": 4, "close": 4, "memory": 2,
        "hang": 1, "starve": 1, "deaf": 1}
# A tail of a few milliseconds is the machine's own: below this no ratio is formed.
FLOOR_SECONDS = 0.010


def p99(values):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]


class PluginChaosTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print(f"CAPSTAN_CHAOS_SEED={SEED}", flush=True)

    def setUp(self):
        self.random = random.Random(SEED)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="capstan-chaos-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        plugins = [{"name": name, "file": str(PLUGINS / f"{name}.so"), "isolation": isolation,
                    "settings": {"folder": str(self.folder)}, "limits": {"memory": "512Mi"},
                    "restart": {"delay": "20ms", "longestDelay": "50ms", "crashes": 1_000_000,
                                "grace": "200ms"}}
                   for name, isolation in (("ordeal", ISOLATION), ("calm", "process"))]
        self.server = Server(config=json.dumps({"plugins": plugins}))
        self.addCleanup(self.server.__exit__)
        self.server.start()
        self.api = Api(self.server.kubeconfig)
        self.addCleanup(self.api.close)
        self.pids = set()
        self.acted = 0

    # ---- what there is ----

    def make_objects(self, counts):
        objects = [item for plural, count in counts.items() for item in (
            {"apiVersion": "test.capstan.dev/v1", "kind": plural[:-1].capitalize(),
             "metadata": {"name": f"o{number}", "namespace": "default"}, "spec": {"value": 0}}
            for number in range(count))]
        self.in_parallel(objects, lambda api, item: api.call(
            "POST", f"{COLLECTION}/{item['kind'].lower()}s", item))
        for plural, count in counts.items():
            self.assertEqual(len(self.items(plural)), count)

    # On several connections, since the server makes many writes durable at once.
    def in_parallel(self, items, do):
        def work(share):
            api = Api(self.server.kubeconfig)
            for item in share:
                do(api, item)
            api.close()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(work, [items[first::8] for first in range(8)]))

    def items(self, plural):
        return json.loads(self.api.call("GET", f"{COLLECTION}/{plural}")[1])["items"]

    def expect_all_seen(self, counts, seconds=60):
        def behind():
            return [item for plural in counts for item in self.items(plural)
                    if item.get("status", {}).get("observedGeneration") != item["metadata"]["generation"]
                    or item["status"].get("value") != item["spec"]["value"]]
        try:
            eventually(lambda: not behind(), seconds, "every object's last generation was seen", 0.2)
        except AssertionError as error:
            raise AssertionError(f"{error}; first of {len(behind())}: {behind()[:1]}\n"
                                 f"{self.server.log()}") from error
        self.assertFalse((self.folder / "overlap").exists(), "no object is in two calls at once")

    # ---- processes ----

    def children(self):
        """pid -> plugin, of all children of the server, dead ones included (as "")."""
        found = {}
        tasks = f"/proc/{self.server.process.pid}/task"
        for task in os.listdir(tasks):
            try:
                pids = pathlib.Path(f"{tasks}/{task}/children").read_text().split()
                for pid in pids:
                    words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                    found[int(pid)] = words[1].decode() if len(words) > 1 else ""
            except OSError:
                continue  # it has just ended
        self.pids.update(found)
        return found

    def process(self, plugin="ordeal"):
        return next((pid for pid, name in self.children().items() if name == plugin), None)

    def running_process(self):
        return eventually(self.process, 30, "the plugin has a process", pause=0.01)

    def expect_lost(self, pid, why):
        # One that is stopped while it is activated is given up after a minute.
        try:
            eventually(lambda: self.process() not in (None, pid), 90, "", pause=0.01)
        except AssertionError:
            self.fail(f"after {why} process {pid} was not replaced:\n{self.server.log()}")

    def figures(self):
        """Resident memory in kB and open files of the server."""
        pid = self.server.process.pid
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        memory = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
        return memory, len(os.listdir(f"/proc/{pid}/fd"))

    # ---- what is done to it ----

    def act(self, what):
        pid = self.running_process()
        self.acted += 1
        number = self.random.randrange(OBJECTS["ordeals"])
        # Each text is followed once, so a process that comes back does not end at once.
        self.api.merge(f"{COLLECTION}/ordeals/o{number}", {"spec": {"act": f"{what}-{self.acted}"}})
        self.expect_lost(pid, what)

    def send_signal(self, number):
        pid = self.running_process()
        time.sleep(self.random.uniform(0, 0.03))
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass  # it ended by itself meanwhile
        self.expect_lost(pid, f"signal {number}")

    def disturb(self):
        todo = [lambda: self.send_signal(signal.SIGKILL)] * KILLS
        todo += [lambda: self.send_signal(signal.SIGSTOP)] * STOPS
        for what, count in ACTS.items():
            todo += [lambda what=what: self.act(what)] * count
        self.random.shuffle(todo)
        for one in todo:
            one()

    # ---- cases ----

    def test_the_server_does_not_notice_and_nothing_is_lost_or_left(self):
        self.make_objects(OBJECTS)
        self.expect_all_seen(OBJECTS)
        self.act("crash")
        self.send_signal(signal.SIGKILL)  # what is made once is made
        samples = self.folder / "samples"
        stop = multiprocessing.Event()
        load = [multiprocessing.Process(target=change_objects, args=(
                    self.server.kubeconfig, OBJECTS, 60, SEED, stop), daemon=True),
                multiprocessing.Process(target=time_calls, args=(
                    self.server.kubeconfig, 200, stop, samples), daemon=True)]
        for process in load:
            process.start()
        # What disturbs is to be the plugin, not this process, which looks for its end all the time.
        os.nice(10)
        self.addCleanup(os.setpriority, os.PRIO_PROCESS, 0, 0)
        quiet, disturbed, figures = [], [], []
        try:
            for _ in range(ROUNDS):
                begin = time.monotonic()
                time.sleep(QUIET_SECONDS)
                quiet.append((begin, time.monotonic()))
                self.disturb()
                disturbed.append((quiet[-1][1], time.monotonic()))
                self.running_process()
                # After one round what is kept of past events is about as large as it may become.
                figures.append(self.figures())
        finally:
            stop.set()
            for process in load:
                process.join(60)
        self.assertEqual([process.exitcode for process in load], [0, 0])
        self.expect_all_seen(OBJECTS)
        self.expect_undelayed(samples, quiet, disturbed)
        self.expect_nothing_left(figures[0])

    def expect_undelayed(self, samples, quiet, disturbed):
        calls = [tuple(map(float, line.split())) for line in samples.read_text().splitlines()]

        def within(windows):
            return [taken for begin, taken in calls
                    if any(first <= begin < last for first, last in windows)]
        undisturbed, with_chaos = within(quiet), within(disturbed)
        limit = max(2 * p99(undisturbed), FLOOR_SECONDS)
        print(f"{len(undisturbed)} calls undisturbed: p99 {1e3 * p99(undisturbed):.2f} ms; "
              f"{len(with_chaos)} during chaos: p99 {1e3 * p99(with_chaos):.2f} ms, "
              f"longest {1e3 * max(with_chaos):.0f} ms", flush=True)
        self.assertLessEqual(p99(with_chaos), limit)

    def expect_nothing_left(self, before):
        self.running_process()
        eventually(lambda: sorted(self.children().values()) == ["calm", "ordeal"], 10,
                   "two plugins, two processes")
        memory, files = self.figures()
        print(f"{len(self.pids)} processes; server: {before[0]} kB and {before[1]} files early, "
              f"{memory} kB and {files} files after", flush=True)
        self.assertLessEqual(files, before[1] + 4)
        self.assertLessEqual(memory, before[0] * 1.3 + 20_000)
        metrics = self.server.kubectl("get", "--raw", "/metrics").stdout
        crashes = next(line for line in metrics.splitlines()
                       if line.startswith('capstan_provider_crashes_total{plugin="ordeal"}'))
        self.assertGreaterEqual(float(crashes.split()[-1]), ROUNDS * (KILLS + sum(ACTS.values())) * 0.9)
        self.server.stop()
        alive = [pid for pid in self.pids if pathlib.Path(f"/proc/{pid}").exists()
                 and b"capstan-plugin-host" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()]
        self.assertEqual(alive, [], "no process outlives the server")

    def state(self):
        listed = json.loads(self.server.capstan("plugin", "list", "-o", "json").stdout)
        return next(plugin for plugin in listed if plugin["name"] == "ordeal")

    def crash_into_quarantine(self, counts):
        number = self.random.randrange(counts["ordeals"])
        self.acted += 1
        self.api.merge(f"{COLLECTION}/ordeals/o{number}",
                       {"spec": {"act": f"crash-{self.acted}"}})
        eventually(lambda: self.state()["state"] == "Quarantined", 30, "the plugin is in quarantine")

    def restart_options(self, **options):
        self.server.kubectl("patch", "plugin", "ordeal", "--type=merge", "-p",
                            json.dumps({"spec": {"restart": options}}))

        def followed():
            plugin = json.loads(self.server.kubectl("get", "plugin", "ordeal", "-o", "json").stdout)
            return plugin["status"]["observedGeneration"] == plugin["metadata"]["generation"]
        eventually(followed, 30, "the server follows")

    def test_quarantine_is_visible_and_work_resumes_after_it(self):
        counts = {"ordeals": 20, "calms": 5}
        self.make_objects(counts)
        self.expect_all_seen(counts)
        self.restart_options(crashes=1, quarantine="0s")
        self.crash_into_quarantine(counts)

        def told():
            ready = [condition for item in self.items("ordeals")
                     for condition in item.get("status", {}).get("conditions", [])
                     if condition["type"] == "Ready"]
            return len(ready) == counts["ordeals"] and all(
                (condition["status"], condition["reason"]) == ("False", "PluginQuarantined")
                for condition in ready)
        eventually(told, 30, "every object of the plugin says so")
        metrics = self.server.kubectl("get", "--raw", "/metrics").stdout
        self.assertIn('capstan_provider_quarantined{plugin="ordeal"} 1', metrics)
        self.assertIn('capstan_provider_quarantined{plugin="calm"} 0', metrics)
        wide = self.server.capstan("plugin", "list", "-o", "wide").stdout
        self.assertRegex(wide, r"QUARANTINES[\s\S]*ordeal .*Quarantined")
        for number in range(counts["ordeals"]):
            self.api.merge(f"{COLLECTION}/ordeals/o{number}", {"spec": {"value": 7, "act": None}})
        for number in range(counts["calms"]):
            self.api.merge(f"{COLLECTION}/calms/o{number}", {"spec": {"value": 7}})
        self.expect_all_seen({"calms": counts["calms"]})
        said = self.server.capstan("plugin", "unquarantine", "ordeal").stdout
        self.assertIn("runs (", said)
        self.expect_all_seen(counts)
        refused = self.server.capstan("plugin", "unquarantine", "ordeal", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("is in no quarantine", refused.stderr)

    def test_quarantine_ends_after_its_time(self):
        counts = {"ordeals": 5}
        self.make_objects(counts)
        self.restart_options(crashes=1, quarantine="3s")
        self.crash_into_quarantine(counts)
        eventually(lambda: self.state()["state"] == "Running", 30, "the plugin runs again")
        self.expect_all_seen(counts)
        self.assertEqual(self.state()["usage"]["quarantines"], 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
