"""/metrics as Prometheus' own client reads it, and whether the figures are true."""

import pathlib
import subprocess
import sys
import unittest

from capstan_server import Server, condition, eventually, find_tool, run

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    print("skipped: python3-prometheus-client is missing: scripts/install-packages test")
    sys.exit(77)

CONFIG = "plugins: [kubeadm, memory]\n"


class Metrics:
    """The families of one look, and their samples by name and labels."""

    def __init__(self, text):
        self.families = {family.name: family for family in text_string_to_metric_families(text)}

    def samples(self, name, /, **labels):
        return [sample for family in self.families.values() for sample in family.samples
                if sample.name == name and labels.items() <= sample.labels.items()]

    def value(self, name, /, **labels):
        found = self.samples(name, **labels)
        return sum(sample.value for sample in found) if found else None


class MetricsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(config=CONFIG)
        cls.addClassCleanup(cls.server.__exit__)
        tokens = cls.server.home / "tokens.csv"
        tokens.write_text("reader,somebody,1,\n")
        cls.server.config = CONFIG + f"tokenFile: {tokens}\n"
        cls.server.start()
        cls.server.apply(cls.server.generate("c1"))
        eventually(lambda: condition(cls.server.get("cluster", "c1"), "Available") == "True",
                   120, "cluster c1 is Available")

    def look(self):
        return Metrics(self.server.kubectl("get", "--raw", "/metrics").stdout)

    def test_every_family_has_a_type_and_a_help_and_no_sample_is_there_twice(self):
        metrics = self.look()
        self.assertGreater(len(metrics.families), 30)
        seen = set()
        for family in metrics.families.values():
            self.assertIn(family.type, ("counter", "gauge", "histogram"), family.name)
            self.assertTrue(family.documentation, family.name)
            for sample in family.samples:
                identity = (sample.name, tuple(sorted(sample.labels.items())))
                self.assertNotIn(identity, seen)
                seen.add(identity)

    def test_histograms_rise_to_their_count(self):
        for family in self.look().families.values():
            if family.type != "histogram":
                continue
            last = {}
            for sample in family.samples:
                labels = {k: v for k, v in sample.labels.items() if k != "le"}
                key = tuple(sorted(labels.items()))
                if sample.name.endswith("_bucket"):
                    self.assertGreaterEqual(sample.value, last.get(key, 0), sample)
                    last[key] = sample.value
                elif sample.name.endswith("_count"):
                    self.assertEqual(sample.value, last[key], sample)

    def test_requests_are_counted_by_verb_resource_and_code(self):
        labels = {"verb": "GET", "group": "cluster.x-k8s.io", "resource": "clusters",
                  "scope": "resource", "component": "apiserver"}
        before = self.look()
        for _ in range(5):
            self.server.get("cluster", "c1")
        self.assertIsNone(self.server.get("cluster", "nobody"))
        after = self.look()
        def grown(name, **more):
            return (after.value(name, **labels, **more) or 0) - (
                before.value(name, **labels, **more) or 0)
        self.assertEqual(grown("apiserver_request_total", code="200"), 5)
        self.assertEqual(grown("apiserver_request_total", code="404"), 1)
        self.assertEqual(grown("apiserver_request_duration_seconds_count"), 6)

    def test_open_watches_are_counted(self):
        labels = {"verb": "WATCH", "resource": "machines"}
        before = self.look().value("apiserver_longrunning_requests", **labels) or 0
        watch = subprocess.Popen([find_tool("kubectl"), "--kubeconfig", self.server.kubeconfig,
                                  "get", "machines", "--watch"], stdout=subprocess.DEVNULL)
        try:
            eventually(lambda: self.look().value("apiserver_longrunning_requests", **labels)
                       == before + 1, 30, "the watch is counted")
        finally:
            watch.kill()
            watch.wait()
        eventually(lambda: self.look().value("apiserver_longrunning_requests", **labels) == before,
                   30, "its end is counted")

    def test_what_is_stored_is_counted_and_commits_are_timed(self):
        metrics = self.look()
        self.assertEqual(metrics.value("apiserver_storage_objects",
                                       resource="machines.cluster.x-k8s.io"), 2)
        self.assertGreater(metrics.value("apiserver_storage_size_bytes"), 10_000)
        commits = metrics.value("capstan_store_commit_duration_seconds_count")
        writes = metrics.value("capstan_store_writes_total")
        self.assertGreater(commits, 10)
        self.assertGreaterEqual(writes, commits - (
            metrics.value("capstan_store_commit_errors_total") or 0))

    def test_controllers_tell_what_they_did(self):
        metrics = self.look()
        for controller in ("machine", "cluster", "kubeadmcontrolplane"):
            with self.subTest(controller=controller):
                total = metrics.value("controller_runtime_reconcile_total", controller=controller)
                self.assertGreater(total, 0)
                self.assertGreater(metrics.value("workqueue_adds_total", name=controller), 0)
                self.assertIsNotNone(metrics.value("workqueue_depth", name=controller))
                self.assertIsNotNone(metrics.value("workqueue_retries_total", name=controller))
                # A reconcile may end between the reading of the two.
                self.assertLessEqual(abs(metrics.value(
                    "controller_runtime_reconcile_time_seconds_count", controller=controller)
                    - total), 2)

    def test_plugins_are_counted_by_name(self):
        metrics = self.look()
        for plugin in ("kubeadm", "memory"):
            calls = metrics.value("capstan_provider_calls_total", plugin=plugin)
            self.assertGreater(calls, 0)
            self.assertLessEqual(metrics.value("capstan_provider_failures_total", plugin=plugin),
                                 calls)
            self.assertGreater(metrics.value("capstan_provider_call_duration_seconds_sum",
                                             plugin=plugin), 0)
            self.assertEqual(metrics.value("capstan_provider_restarts_total", plugin=plugin), 0)

    def test_the_process_is_this_one(self):
        metrics = self.look()
        status = pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text()
        resident = int(status.split("VmRSS:")[1].split()[0]) * 1024
        told = metrics.value("process_resident_memory_bytes")
        self.assertLess(abs(told - resident), resident / 4)
        self.assertGreater(metrics.value("process_cpu_seconds_total"), 0)
        self.assertGreater(metrics.value("process_max_fds"), metrics.value("process_open_fds"))

    def test_only_administrators_may_look(self):
        url = self.server.kubeconfig.read_text().split("server: ")[1].split()[0]
        ask = ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", f"{url}/metrics"]
        self.assertEqual(run(ask).stdout, "401")
        self.assertEqual(run([*ask, "-H", "Authorization: Bearer reader"]).stdout, "403")


if __name__ == "__main__":
    unittest.main()
