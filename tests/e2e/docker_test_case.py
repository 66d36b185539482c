"""What tests that make clusters of containers have in common: the server, the way into a cluster, what
is waited for, and that nothing stays behind.
"""

import functools
import os
import subprocess
import unittest

from capstan_server import ROOT, Server, condition, eventually, find_tool, run
from docker_engine import Footprint, docker, lines

UP = int(os.environ.get("CAPSTAN_E2E_SECONDS", "420"))  # for a cluster on a busy machine
ISOLATION = os.environ.get("CAPSTAN_PLUGIN_ISOLATION", "in-process")
CONFIG = """\
plugins:
- {{name: kubeadm, isolation: {isolation}}}
- name: docker
  isolation: {isolation}
  settings: {{network: {network}, host: "{host}"}}
"""
CNI = ROOT / "examples" / "cni"


def state_on_failure(test):
    """Prints what is known of the clusters of a test that failed, before they are cleaned away."""
    @functools.wraps(test)
    def checked(self):
        try:
            test(self)
        except (AssertionError, subprocess.SubprocessError):
            for name in self.footprint.clusters:
                done = self.server.capstan("describe", "cluster", name, "--show-conditions", "all",
                                           check=False)
                print(done.stdout, done.stderr, flush=True)
            print(self.server.log(), flush=True)
            raise
    return checked


class DockerTestCase(unittest.TestCase):
    def serve(self, *clusters, host="unix:///var/run/docker.sock", isolation=ISOLATION):
        network = f"e2e-{os.getpid()}-{self._testMethodName[5:25].strip('_')}"
        self.footprint = Footprint(network, *clusters)
        self.footprint.remove()  # of a run that was killed
        self.addCleanup(self.footprint.remove)
        self.server = Server(config=CONFIG.format(network=network, host=host,
                                                  isolation=isolation)).start()
        self.addCleanup(self.server.__exit__)

    def give_pod_network(self):
        made = self.server.kubectl("create", "configmap", "capstan-cni", "--dry-run=client", "-o",
                                   "yaml", f"--from-file={CNI / 'capstan-cni.yaml'}").stdout
        self.server.apply(made)
        self.server.kubectl("apply", "-f", CNI / "cluster-resource-set.yaml")

    def workload(self, name):
        """kubectl for the cluster, by the kubeconfig that our own command gives."""
        path = self.server.home / f"{name}.kubeconfig"
        path.write_text(self.server.capstan("get", "kubeconfig", name).stdout)
        path.chmod(0o600)
        return lambda *words, **options: run([find_tool("kubectl"), "--kubeconfig", path, *words],
                                             env=self.server.environment, **options)

    def wait_available(self, name, seconds=UP):
        eventually(lambda: condition(self.server.get("cluster", name), "Available") == "True",
                   seconds, f"cluster {name} is Available", pause=1)
        self.footprint.remember_volumes()

    def ready_nodes(self, kubectl):
        rows = kubectl("get", "nodes", "--no-headers", check=False).stdout.splitlines()
        return [row.split()[0] for row in rows if row.split()[1] == "Ready"]

    def wait_nodes(self, kubectl, count, seconds=UP):
        eventually(lambda: len(self.ready_nodes(kubectl)) == count and len(
            kubectl("get", "nodes", "-o", "name", check=False).stdout.split()) == count,
            seconds, f"{count} nodes are Ready, and no others exist", pause=1)
        self.footprint.remember_volumes()

    def expect_nothing_twice(self, name):
        names = self.footprint.containers()
        machines = {item["metadata"]["name"] for item in self.server.get("machines")}
        self.assertEqual(set(names) - machines, {f"{name}-lb"})
        self.assertEqual(machines - set(names), set())
        owners = lines(docker("ps", "--all", "--format", '{{.Label "capstan.dev/uid"}}',
                              "--filter", f"label=capstan.dev/cluster={name}"))
        self.assertEqual(len(owners), len(set(owners)), "each container has an owner of its own")

    def delete(self, name):
        self.footprint.remember_volumes()
        self.assertTrue(self.footprint.volumes, "each node has a volume")
        self.server.kubectl("delete", "cluster", name, "--wait", "--timeout=180s", timeout=200)
        self.expect_gone()

    def expect_gone(self):
        for kind in ("machines", "dockermachines", "devmachines", "kubeadmconfigs"):
            self.assertEqual([item["metadata"]["name"] for item in self.server.get(kind)], [], kind)
        eventually(lambda: not self.footprint.left(), 60,
                   f"the engine holds nothing of ours, but has {self.footprint.left()}", pause=0.5)
