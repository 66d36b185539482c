"""Providers written in Python, with the real server: a k3s cluster on machines that only pretend, and
the example of twenty lines. CAPSTAN_PLUGIN_ISOLATION says how the plugins run; default: the host's."""

import base64
import json
import os
import unittest

from capstan_server import ROOT, Server, condition, eventually

EXAMPLES = ROOT / "examples"
ISOLATION = os.environ.get("CAPSTAN_PLUGIN_ISOLATION", "")

KINDS = ["clusters", "machines", "machinesets", "machinedeployments", "k3scontrolplanes",
         "k3sconfigs", "devclusters", "devmachines"]


def config():
    lines = ["plugins:", "- memory"]
    for name in ("k3s", "hello-python"):
        lines += [f"- name: {name}", f"  file: {EXAMPLES / name}"]
        lines += [f"  isolation: {ISOLATION}"] if ISOLATION else []
    return "\n".join(lines) + "\n"


class PythonPluginsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(config=config()).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def test_a_greeting_is_made_changed_and_removed(self):
        item = {"apiVersion": "hello.capstan.dev/v1alpha1", "kind": "Greeting",
                "metadata": {"name": "morning", "namespace": "default"},
                "spec": {"forProvider": {"text": "good morning"}}}
        self.server.apply(json.dumps(item))
        def said():
            found = self.server.get("greeting", "morning")
            return condition(found, "Ready") == "True" and found["status"]["atProvider"]["text"]
        self.assertEqual(eventually(said, 30, "the greeting is Ready"), "good morning")
        item["spec"]["forProvider"]["text"] = "good evening"
        self.server.apply(json.dumps(item))
        eventually(lambda: said() == "good evening", 30, "the greeting has changed")
        self.server.kubectl("delete", "greeting", "morning", "--timeout=30s")

    def test_a_k3s_cluster_comes_up_rolls_out_and_goes(self):
        server = self.server
        server.apply((EXAMPLES / "k3s" / "cluster.yaml").read_text())
        eventually(lambda: condition(server.get("cluster", "k1"), "Available") == "True", 90,
                   "cluster k1 is Available")
        plane = server.get("k3scontrolplane", "k1-servers")
        self.assertTrue(plane["status"]["initialization"]["controlPlaneInitialized"])
        self.assertEqual(plane["status"]["version"], "v1.34.2+k3s1")

        agents = [item for item in server.get("k3sconfigs") if "agents" in item["metadata"]["name"]]
        self.assertEqual(len(agents), 2)
        secret = server.get("secret", agents[0]["status"]["dataSecretName"])
        data = base64.b64decode(secret["data"]["value"]).decode()
        self.assertIn("INSTALL_K3S_VERSION=v1.34.2+k3s1 INSTALL_K3S_EXEC=agent", data)
        self.assertIn('node-label:', data)

        path = server.home / "k1.kubeconfig"
        path.write_text(server.capstan("get", "kubeconfig", "k1").stdout)
        nodes = server.kubectl("--kubeconfig", path, "get", "nodes").stdout
        self.assertEqual(nodes.count(" Ready "), 3, nodes)

        server.kubectl("scale", "k3scontrolplane", "k1-servers", "--replicas=3")
        def replicas(count, version):
            status = server.get("k3scontrolplane", "k1-servers")["status"]
            return (status.get("readyReplicas") == status.get("replicas") == count
                    and status.get("upToDateReplicas") == count
                    and status.get("version") == version)
        eventually(lambda: replicas(3, "v1.34.2+k3s1"), 120, "three servers are ready")
        before = {item["metadata"]["name"] for item in server.get("k3sconfigs")
                  if "servers" in item["metadata"]["name"]}
        server.kubectl("patch", "k3scontrolplane", "k1-servers", "--type=merge",
                       "-p", '{"spec":{"version":"v1.34.3+k3s1"}}')
        eventually(lambda: replicas(3, "v1.34.3+k3s1"), 180, "the servers have the new version")
        after = {item["metadata"]["name"] for item in server.get("k3sconfigs")
                 if "servers" in item["metadata"]["name"]}
        self.assertEqual(before & after, set())

        refused = server.kubectl("scale", "k3scontrolplane", "k1-servers", "--replicas=2",
                                 check=False)
        self.assertIn("must be odd", refused.stderr)

        server.kubectl("delete", "cluster", "k1", "--wait", "--timeout=120s")
        for kind in KINDS:
            left = [item["metadata"]["name"] for item in server.get(kind)
                    if item["metadata"]["name"].startswith("k1")]
            self.assertEqual(left, [], kind)


if __name__ == "__main__":
    unittest.main(verbosity=2)
