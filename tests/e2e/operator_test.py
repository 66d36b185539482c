"""What operators do to clusters at awkward moments: twice, too early, by hand. With clusters that
only pretend, so that nothing but the moment is special."""

import time
import unittest

from capstan_server import Server, condition, eventually

SHORT = {"VM_STARTUP": "300ms", "NODE_STARTUP": "200ms", "API_SERVER_STARTUP": "200ms",
         "ETCD_STARTUP": "200ms"}
KINDS = ["clusters", "machines", "machinesets", "machinedeployments", "kubeadmcontrolplanes",
         "kubeadmconfigs", "devclusters", "devmachines"]
MOMENTS = [0, 0.3, 0.7, 1.5, 3]  # seconds after the manifest: from nothing there to all there


class OperatorTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def names(self, kind, prefix, namespace="default"):
        return {item["metadata"]["name"] for item in self.server.get(kind, namespace=namespace)
                if item["metadata"]["name"].startswith(prefix)}

    def wait_available(self, name, machines):
        eventually(lambda: len(self.names("machines", f"{name}-")) == machines and condition(
            self.server.get("cluster", name), "Available") == "True", 90,
            f"{name} is Available with {machines} machines", pause=0.3)

    def expect_gone(self, name):
        self.server.kubectl("delete", "cluster", name, "--timeout=90s")
        # The cluster's own Secrets go with it, a moment later.
        left = lambda: {kind: names for kind in KINDS + ["secrets"]
                        if (names := self.names(kind, f"{name}-"))}
        eventually(lambda: not left(), 30, f"nothing of {name} is left", pause=0.3)

    def test_applying_twice_changes_nothing(self):
        manifest = self.server.generate("twice", **SHORT)
        self.server.apply(manifest)
        self.assertEqual(self.unchanged(manifest), 7)
        self.wait_available("twice", 2)
        machines = self.names("machines", "twice-")
        generations = self.generations("twice")
        self.assertEqual(self.unchanged(manifest), 7)
        self.assertEqual(self.generations("twice"), generations)
        self.assertEqual(self.names("machines", "twice-"), machines)
        self.expect_gone("twice")

    def unchanged(self, manifest):
        return self.server.apply(manifest).stdout.count(" unchanged")

    def generations(self, prefix):
        return {(kind, item["metadata"]["name"]): item["metadata"]["generation"]
                for kind in KINDS for item in self.server.get(kind)
                if item["metadata"]["name"].startswith(prefix)}

    def test_workers_scale_to_none_and_back_and_never_below(self):
        self.server.apply(self.server.generate("zero", workers=2, **SHORT))
        self.wait_available("zero", 3)
        for count in (0, 2):
            self.server.kubectl("scale", "machinedeployment", "zero-md-0", f"--replicas={count}")
            self.wait_available("zero", 1 + count)
        done = self.server.kubectl("patch", "machinedeployment", "zero-md-0", "--type=merge", "-p",
                                   '{"spec":{"replicas":-3}}', check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("spec.replicas: -3 must be 0 or more", done.stderr)
        self.expect_gone("zero")

    def test_machines_deleted_by_hand_are_replaced_by_others(self):
        self.server.apply(self.server.generate("hand", control_planes=3, workers=1, **SHORT))
        self.wait_available("hand", 4)
        for part in ("hand-md-", "hand-control-plane-"):
            with self.subTest(part=part):
                before = self.names("machines", part)
                gone = sorted(before)[0]
                uid = self.server.get("machine", gone)["metadata"]["uid"]
                self.server.kubectl("delete", "machine", gone, "--timeout=90s")
                self.wait_available("hand", 4)
                self.assertNotIn(uid, [m["metadata"]["uid"] for m in self.server.get("machines")])
        self.expect_gone("hand")

    def test_a_cluster_deleted_while_it_is_made_is_gone(self):
        for moment, delay in enumerate(MOMENTS):
            with self.subTest(seconds=delay):
                name = f"early{moment}"
                self.server.apply(self.server.generate(name, workers=2, **SHORT))
                time.sleep(delay)  # the moment
                self.expect_gone(name)

    def test_a_manifest_deleted_as_a_whole_leaves_nothing(self):
        manifest = self.server.generate("whole", **SHORT)
        self.server.apply(manifest)
        self.server.kubectl("delete", "-f", "-", "--timeout=90s", "--ignore-not-found",
                            stdin=manifest)
        self.assertEqual(set().union(*(self.names(kind, "whole") for kind in KINDS)), set())

    def test_a_namespace_deleted_while_a_cluster_is_made_in_it_is_gone(self):
        for moment, delay in enumerate(MOMENTS):
            with self.subTest(seconds=delay):
                namespace = f"team{moment}"
                self.server.kubectl("create", "namespace", namespace)
                self.server.apply(self.server.capstan(
                    "generate", "cluster", "ours", "--target-namespace", namespace,
                    "--infrastructure", "memory", "--kubernetes-version", "v1.34.2",
                    "--control-plane-machine-count=1", "--worker-machine-count=2", **SHORT).stdout)
                time.sleep(delay)  # the moment
                self.server.kubectl("delete", "namespace", namespace, "--timeout=90s")
                for kind in KINDS:
                    self.assertEqual(self.names(kind, "", namespace), set(), kind)


if __name__ == "__main__":
    unittest.main(verbosity=2)
