"""Real clusters of containers: made, used, changed and deleted with real kubectl and clusterctl. The
plugins of the development cluster run in processes of their own; the quick start and the chaos test
have them in the server's.

CAPSTAN_E2E_BIG=1 also makes the one with three control planes and three workers (6 GiB of memory).
CAPSTAN_SHARED_DATA names a folder with Cluster API's own templates.
"""

import ipaddress
import itertools
import os
import re
import unittest

from capstan_server import SHARED_DATA, eventually, find_tool, run
from docker_engine import VERSION, docker, lines, skip_unless_possible
from docker_test_case import UP, DockerTestCase, state_on_failure

OLD_TEMPLATE = SHARED_DATA / "cluster-api/v1.1.3/templates/cluster-template-development.yaml"
# Tainted nodes, as control planes and drained ones, do not count as places to spread over.
SPREAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: drained}
spec:
  replicas: 2
  selector: {matchLabels: {app: drained}}
  template:
    metadata: {labels: {app: drained}}
    spec:
      terminationGracePeriodSeconds: 1
      topologySpreadConstraints:
      - maxSkew: 1
        topologyKey: kubernetes.io/hostname
        nodeTaintsPolicy: Honor
        whenUnsatisfiable: DoNotSchedule
        labelSelector: {matchLabels: {app: drained}}
      containers:
      - {name: sleeper, image: "localhost/capstan/cni:v1", command: [sleep, infinity]}
"""
# Ages differ from one call to the next.
AGE = re.compile(r"\b(\d+[dhms])+\b")


def without_ages(tree):
    """The words of each line: colors and column widths are no differences."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", tree)
    return [" ".join(AGE.sub("AGE", line).split()) for line in plain.splitlines() if line]


class DockerClusterTest(DockerTestCase):
    def clusterctl(self, *words):
        tool = find_tool("clusterctl")
        if tool is None:
            self.skipTest("clusterctl is missing: scripts/build-tools")
        # The check for newer versions would ask another machine.
        environment = dict(self.server.environment, CLUSTERCTL_DISABLE_VERSIONCHECK="true",
                           GOPROXY="off", XDG_CONFIG_HOME=str(self.server.home))
        return run([tool, "--kubeconfig", self.server.kubeconfig, *words], env=environment).stdout

    def compare_with_clusterctl(self, name):
        """clusterctl shows the same trees and gives the same kubeconfig."""
        for flags in ([], ["--show-conditions=all"], ["--show-conditions=all+"], ["--echo"],
                      ["--show-machinesets", "--show-resourcesets", "--grouping=false"]):
            with self.subTest(flags=flags):
                self.expect_same_tree("describe", "cluster", name, *flags)
        self.assertEqual(self.server.capstan("get", "kubeconfig", name).stdout.strip(),
                         self.clusterctl("get", "kubeconfig", name).strip())

    def expect_same_tree(self, *words):
        trees = []
        def same():
            trees[:] = [without_ages(self.server.capstan(*words).stdout),
                        without_ages(self.clusterctl(*words))]
            return trees[0] == trees[1]
        try:
            # Between the two a condition may change: they agree once nothing moves.
            eventually(same, 20, "clusterctl and capstan describe the cluster alike", pause=1)
        except AssertionError:
            self.assertEqual(*trees)
            raise

    def scale_workers(self, name, count):
        self.server.kubectl("scale", "machinedeployment", f"{name}-md-0", f"--replicas={count}")

    @state_on_failure
    def test_a_development_cluster_comes_up_scales_drains_and_goes(self):
        name = "e2e-dev"
        self.serve(name, isolation="process")
        for plugin in ("docker", "kubeadm"):
            status = self.server.get("plugins", plugin)["status"]
            self.assertEqual((status["state"], status["isolation"]), ("Running", "process"))
        self.give_pod_network()
        self.server.apply(self.server.generate(name, "docker", flavor="development",
                                               version=VERSION))
        self.wait_available(name)
        kubectl = self.workload(name)
        self.wait_nodes(kubectl, 2)
        machines = {m["status"]["nodeRef"]["name"] for m in self.server.get("machines")}
        self.assertEqual(machines, set(self.ready_nodes(kubectl)))
        self.assertEqual(len(self.footprint.containers()), 3, "two nodes and a load balancer")
        self.expect_addresses_of_their_own(name)
        with self.subTest("clusterctl agrees"):
            self.compare_with_clusterctl(name)
        self.scale_workers(name, 2)
        self.wait_nodes(kubectl, 3)
        self.run_on_every_worker(kubectl)
        self.scale_workers(name, 1)
        self.wait_nodes(kubectl, 2)
        self.expect_drained_to_the_last_worker(kubectl)
        self.delete(name)

    def expect_addresses_of_their_own(self, name):
        """Containers, pods and Services: no range overlaps another."""
        network = self.server.get("cluster", name)["spec"]["clusterNetwork"]
        ranges = network["pods"]["cidrBlocks"] + network["services"]["cidrBlocks"] + lines(docker(
            "network", "inspect", "--format", "{{range .IPAM.Config}}{{println .Subnet}}{{end}}",
            self.footprint.network))
        for one, other in itertools.combinations(map(ipaddress.ip_network, ranges), 2):
            self.assertFalse(one.version == other.version and one.overlaps(other),
                             f"{one} and {other}")

    def run_on_every_worker(self, kubectl):
        """Two pods, one on each worker, of an image that every node has."""
        kubectl("apply", "-f", "-", stdin=SPREAD)
        kubectl("rollout", "status", "deployment/drained", "--timeout=120s", timeout=130)

    def expect_drained_to_the_last_worker(self, kubectl):
        def pods():
            rows = kubectl("get", "pods", "-l", "app=drained", "-o",
                           "jsonpath={range .items[*]}{.spec.nodeName}={.status.phase} {end}").stdout
            return rows.split()
        eventually(lambda: len(pods()) == 2 and all(pod.endswith("=Running") for pod in pods()), 120,
                   f"both pods run on the worker that is left; there are {pods()}", pause=1)

    @state_on_failure
    def test_the_template_of_an_old_release_works_as_it_is_with_three_of_each(self):
        if os.environ.get("CAPSTAN_E2E_BIG") != "1":
            self.skipTest("set CAPSTAN_E2E_BIG=1; it needs 6 GiB of memory")
        if not OLD_TEMPLATE.exists():
            self.skipTest(f"{OLD_TEMPLATE} is absent; set CAPSTAN_SHARED_DATA")
        name = "e2e-cluster01"
        self.serve(name)
        self.give_pod_network()
        manifest = self.server.capstan(
            "generate", "cluster", name, "--from", OLD_TEMPLATE, "--kubernetes-version", VERSION,
            "--control-plane-machine-count=3", "--worker-machine-count=3").stdout
        self.server.apply(manifest)
        # The old template selects no pod network, as it was the user's task to apply one.
        self.server.kubectl("label", "cluster", name, "capstan.dev/cni=capstan")
        self.wait_available(name, 2 * UP)
        kubectl = self.workload(name)
        self.wait_nodes(kubectl, 6)
        self.assertEqual(len(self.footprint.containers()), 7)
        self.server.kubectl("scale", "kubeadmcontrolplane", f"{name}-control-plane", "--replicas=1")
        self.wait_nodes(kubectl, 4)
        self.assertEqual(len(self.footprint.containers()), 5)
        self.wait_available(name)
        self.delete(name)


if __name__ == "__main__":
    skip_unless_possible()
    unittest.main(verbosity=2)
