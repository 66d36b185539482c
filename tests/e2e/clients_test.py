"""Programs that others wrote for Kubernetes, against `capstan serve` with its real kinds: kubectl,
client-go's informers, and the Python client. The clusters are paused: nothing is made of them.
"""

import json
import os
import pathlib
import re
import subprocess
import threading
import unittest

import yaml

from capstan_server import ROOT, Server, eventually, find_tool, run

SHARED = pathlib.Path(os.environ.get("CAPSTAN_SHARED_DATA", ROOT.parent / "shared" / "data"))
OLD_TEMPLATE = SHARED / "cluster-api/v1.1.3/templates/cluster-template-development.yaml"
CONFIG = """\
plugins:
- kubeadm
- name: docker
  settings: {host: "unix:///nonexistent.sock"}
"""


def cluster(name, labels="{}", domain="cluster.local", **meta):
    return yaml.safe_dump({
        "apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "Cluster",
        "metadata": dict(meta, name=name, labels=yaml.safe_load(labels)),
        "spec": {"paused": True, "clusterNetwork": {"serviceDomain": domain}}})


class ClientsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(config=CONFIG).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def tearDown(self):
        self.kubectl("delete", "clusters", "--all", "--timeout=60s")

    def kubectl(self, *words, **options):
        return self.server.kubectl(*words, **options).stdout

    def start(self, *words):
        process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, text=True,
                                   stderr=subprocess.PIPE, env=self.server.environment)
        self.addCleanup(process.wait)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        return process

    def informer(self, *words):
        tool = find_tool("informer")
        if tool is None:
            self.skipTest("the client-go informer is missing: scripts/build-tools")
        return self.start(tool, "--kubeconfig", self.server.kubeconfig, "--namespace", "default",
                          "--print-synced", "--timeout=60s", *words)

    def follow(self, process):
        """Lines of an informer as (type, name)."""
        for line in process.stdout:
            event = json.loads(line)
            yield event["type"], event.get("name")

    def informer_sees_a_life(self, *words):
        self.server.apply(cluster("old"))
        process = self.informer("--resource=clusters.v1beta2.cluster.x-k8s.io", "--events=4", *words)
        events = self.follow(process)
        self.assertEqual({next(events), next(events)}, {("ADDED", "old"), ("SYNCED", None)})
        self.server.apply(cluster("new"))
        self.assertEqual(next(events), ("ADDED", "new"))
        self.kubectl("label", "cluster", "new", "seen=yes")
        while (event := next(events)) == ("MODIFIED", "old"):
            pass
        self.assertIn(event[0], ("MODIFIED", "UPDATED"))
        self.assertEqual(event[1], "new")

    def test_an_informer_of_client_go_sees_what_happens(self):
        self.informer_sees_a_life()

    def test_an_informer_that_lists_by_a_watch_sees_the_same(self):
        self.informer_sees_a_life("--watch-list")

    def test_an_informer_sees_the_rest_after_the_server_was_killed(self):
        with Server(config=CONFIG) as server:
            # The port must be the same after the restart.
            url = re.search(r"https://(127\.0\.0\.1:\d+)", server.kubeconfig.read_text()).group(1)
            server.listen = url
            server.apply(cluster("before"))
            tool = find_tool("informer")
            if tool is None:
                self.skipTest("the client-go informer is missing: scripts/build-tools")
            process = self.start(tool, "--kubeconfig", server.kubeconfig, "--namespace", "default",
                                 "--resource=clusters.v1beta2.cluster.x-k8s.io", "--timeout=90s")
            events = self.follow(process)
            self.assertEqual(next(events), ("ADDED", "before"))
            server.kill()
            server.start()
            server.apply(cluster("after"))
            seen = next(event for event in events if event[1] == "after")
            self.assertEqual(seen, ("ADDED", "after"))

    def test_the_python_client_makes_reads_watches_and_deletes_clusters(self):
        try:
            from kubernetes import client, config, watch
        except ImportError:
            self.skipTest("the Python package kubernetes is missing: scripts/install-packages test")
        api = self.enterContext(config.new_client_from_config(str(self.server.kubeconfig)))
        custom = client.CustomObjectsApi(api)
        self.addCleanup(api.rest_client.pool_manager.clear)
        where = ("cluster.x-k8s.io", "v1beta2", "default", "clusters")
        body = yaml.safe_load(cluster("py"))
        made = custom.create_namespaced_custom_object(*where, body)
        self.assertEqual(custom.get_namespaced_custom_object(*where, "py")["metadata"]["uid"],
                         made["metadata"]["uid"])
        timer = threading.Timer(0, custom.delete_namespaced_custom_object, (*where, "py"))
        seen = []
        stream = watch.Watch()
        for event in stream.stream(custom.list_namespaced_custom_object, *where, timeout_seconds=30):
            seen.append(event["type"])
            if event["type"] == "ADDED":
                timer.start()
            if event["type"] == "DELETED":
                stream.stop()
        timer.join()
        self.assertEqual((seen[0], seen[-1]), ("ADDED", "DELETED"))

    def test_explain_describes_a_field(self):
        text = self.kubectl("explain", "cluster.spec")
        self.assertIn("cluster.x-k8s.io", text)
        for field in ("clusterNetwork", "controlPlaneRef", "paused", "<Object>", "<boolean>"):
            self.assertIn(field, text)
        self.assertIn("VERSION:    v1beta1",
                      self.kubectl("explain", "cluster.spec",
                                   "--api-version=cluster.x-k8s.io/v1beta1"))
        self.assertIn("FIELD", self.kubectl("explain", "kubeadmcontrolplane.spec.replicas"))

    def test_every_kind_of_cluster_api_is_listed_with_its_short_name(self):
        text = self.kubectl("api-resources", "--api-group=cluster.x-k8s.io")
        for words in (("clusters", "cl"), ("machines", "ma"), ("machinesets", "ms"),
                      ("machinedeployments", "md"), ("machinehealthchecks", "mhc"),
                      ("machinepools", "mp")):
            self.assertRegex(text, rf"(?m)^{words[0]} +{words[1]}[ ,]")
        self.server.apply(cluster("c1"))
        self.assertIn("cluster.cluster.x-k8s.io/c1", self.kubectl("get", "cluster-api", "-o", "name"))

    def test_get_watch_prints_a_row_for_each_change(self):
        self.server.apply(cluster("rows"))
        process = self.start(find_tool("kubectl"), "--kubeconfig", self.server.kubeconfig, "get",
                             "cluster", "rows", "--watch", "--show-labels", "--no-headers")
        self.assertTrue(process.stdout.readline().startswith("rows "))
        self.kubectl("label", "cluster", "rows", "step=two")
        row = next(line for line in process.stdout if "step=two" in line)
        self.assertTrue(row.startswith("rows "), row)

    def test_wait_ends_when_the_condition_holds_and_when_the_object_is_gone(self):
        self.server.apply(cluster("waited"))
        self.kubectl("wait", "cluster/waited", "--for=condition=Paused", "--timeout=30s")
        self.kubectl("wait", "cluster/waited", "--for=jsonpath={.spec.paused}=true", "--timeout=30s")
        done = self.server.kubectl("wait", "cluster/waited", "--for=condition=Available",
                                   "--timeout=1s", check=False)
        self.assertEqual(done.returncode, 1)
        waiting = self.start(find_tool("kubectl"), "--kubeconfig", self.server.kubeconfig, "wait",
                             "cluster/waited", "--for=delete", "--timeout=60s")
        self.kubectl("delete", "cluster", "waited", "--timeout=60s")
        self.assertEqual(waiting.wait(60), 0)

    def test_diff_shows_what_apply_would_change_and_changes_nothing(self):
        self.server.apply(cluster("same"))
        unchanged = self.server.kubectl("diff", "-f", "-", stdin=cluster("same"), check=False)
        self.assertEqual((unchanged.returncode, unchanged.stdout), (0, ""))
        changed = self.server.kubectl("diff", "-f", "-", check=False,
                                      stdin=cluster("same", domain="other.local"))
        self.assertEqual(changed.returncode, 1, changed.stderr)
        self.assertIn("+    serviceDomain: other.local", changed.stdout)
        kept = self.server.get("cluster", "same")["spec"]["clusterNetwork"]["serviceDomain"]
        self.assertEqual(kept, "cluster.local")

    def test_two_managers_share_a_cluster_and_conflict_over_a_field(self):
        def apply(manager, *words, check=True, **fields):
            return self.server.kubectl("apply", "--server-side", f"--field-manager={manager}", *words,
                                       "-f", "-", stdin=cluster("shared", **fields), check=check)
        apply("one", labels="{one: '1'}")
        apply("two", labels="{two: '2'}")
        self.assertEqual(self.server.get("cluster", "shared")["metadata"]["labels"],
                         {"one": "1", "two": "2"})
        refused = apply("two", domain="two.local", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn('conflict with "one"', refused.stderr)
        self.assertIn(".spec.clusterNetwork.serviceDomain", refused.stderr)
        apply("two", "--force-conflicts", domain="two.local")
        # What a manager no longer names goes, unless another one has it as well.
        shared = self.server.get("cluster", "shared")
        self.assertEqual(shared["metadata"]["labels"], {"one": "1"})
        self.assertEqual(shared["spec"]["clusterNetwork"]["serviceDomain"], "two.local")

    def test_manifests_of_v1beta1_are_read_back_as_they_were_written(self):
        if not OLD_TEMPLATE.exists():
            self.skipTest(f"{OLD_TEMPLATE} is absent; set CAPSTAN_SHARED_DATA")
        manifest = self.server.capstan("generate", "cluster", "old1", "--from", OLD_TEMPLATE,
                                       "--kubernetes-version", "v1.34.2").stdout
        documents = [doc for doc in yaml.safe_load_all(manifest) if doc]
        for document in documents:
            if document["kind"] == "Cluster":
                document["spec"]["paused"] = True
        self.server.apply(yaml.safe_dump_all(documents))
        for document in documents:
            group, version = document["apiVersion"].split("/")
            kind = f"{document['kind']}.{version}.{group}"
            with self.subTest(kind=kind):
                found = self.server.get(kind, document["metadata"]["name"])
                self.assertEqual(found["apiVersion"], document["apiVersion"])
                self.expect_contains(found["spec"] if "spec" in found else {},
                                     document.get("spec", {}), kind)
        self.server.kubectl("delete", "-f", "-", "--wait=false", stdin=manifest)

    def expect_contains(self, found, wanted, path):
        """All that was written is there; the server may have added defaults."""
        if isinstance(wanted, dict):
            for key, value in wanted.items():
                if value is None or value == {}:
                    continue  # the old template has empty fields that defaults fill
                self.assertIn(key, found, path)
                self.expect_contains(found[key], value, f"{path}.{key}")
        elif isinstance(wanted, list):
            self.assertEqual(len(found), len(wanted), path)
            for index, value in enumerate(wanted):
                self.expect_contains(found[index], value, f"{path}[{index}]")
        else:
            self.assertEqual(found, wanted, path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
