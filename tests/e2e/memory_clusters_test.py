"""Clusters that only pretend, from manifest to nothing, with the real server and real kubectl."""

import unittest

from capstan_server import SHARED_DATA, Server, condition, eventually

FAST = {"VM_STARTUP": "0s", "NODE_STARTUP": "0s", "API_SERVER_STARTUP": "0s", "ETCD_STARTUP": "0s"}
KINDS = ["clusters", "machines", "machinesets", "machinedeployments", "kubeadmcontrolplanes",
         "kubeadmconfigs", "devclusters", "devmachines"]
ETCD_MEMBER = "memory.capstan.dev/etcd-member"
HEALTH_CHECK = """\
apiVersion: cluster.x-k8s.io/v1beta2
kind: MachineHealthCheck
metadata: {name: c5}
spec:
  clusterName: c5
  selector: {matchLabels: {cluster.x-k8s.io/cluster-name: c5}}
  checks: {nodeStartupTimeoutSeconds: 600}
"""
IN_MEMORY_CLASS = SHARED_DATA / "cluster-api/v1.14.0/templates/clusterclass-in-memory.yaml"
# A cluster of the templates that come with that ClusterClass.
OF_FOREIGN_TEMPLATES = """\
apiVersion: cluster.x-k8s.io/v1beta2
kind: Cluster
metadata: {name: foreign}
spec:
  infrastructureRef:
    {apiGroup: infrastructure.cluster.x-k8s.io, kind: DevCluster, name: foreign}
  controlPlaneRef:
    {apiGroup: controlplane.cluster.x-k8s.io, kind: KubeadmControlPlane, name: foreign}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta2
kind: DevCluster
metadata: {name: foreign}
spec: {backend: {inMemory: {}}}
---
apiVersion: controlplane.cluster.x-k8s.io/v1beta2
kind: KubeadmControlPlane
metadata: {name: foreign}
spec:
  replicas: 1
  version: v1.34.2
  machineTemplate:
    spec:
      infrastructureRef:
        apiGroup: infrastructure.cluster.x-k8s.io
        kind: DevMachineTemplate
        name: in-memory-control-plane
---
apiVersion: cluster.x-k8s.io/v1beta2
kind: MachineDeployment
metadata: {name: foreign-md-0}
spec:
  clusterName: foreign
  replicas: 1
  template:
    spec:
      clusterName: foreign
      version: v1.34.2
      bootstrap:
        configRef:
          apiGroup: bootstrap.cluster.x-k8s.io
          kind: KubeadmConfigTemplate
          name: in-memory-default-worker-bootstraptemplate
      infrastructureRef:
        apiGroup: infrastructure.cluster.x-k8s.io
        kind: DevMachineTemplate
        name: in-memory-default-worker-machinetemplate
"""


def available(server, name):
    return condition(server.get("cluster", name), "Available") == "True"


class MemoryClustersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def create(self, name, **shape):
        manifest = self.server.generate(name, **shape, **FAST)
        self.server.apply(manifest)
        eventually(lambda: available(self.server, name), 60, f"cluster {name} is Available")
        return manifest

    def workload(self, name):
        path = self.server.home / f"{name}.kubeconfig"
        path.write_text(self.server.capstan("get", "kubeconfig", name).stdout)
        return lambda *words: self.server.kubectl("--kubeconfig", path, *words).stdout

    def expect_cluster_itself_upgraded(self, name, version):
        kubectl = self.workload(name)
        self.assertIn(f'kubernetesVersion: "{version}"', kubectl(
            "get", "configmap", "kubeadm-config", "-n", "kube-system", "-o",
            "jsonpath={.data.ClusterConfiguration}"))
        eventually(lambda: kubectl("get", "daemonset", "kube-proxy", "-n", "kube-system", "-o",
                                   "jsonpath={.spec.template.spec.containers[0].image}")
                   .endswith(f":{version}"), 60, "kube-proxy has the version")

    def nodes(self, name):
        return self.server.get("machines") and [
            m["status"].get("nodeRef", {}).get("name") for m in self.server.get("machines")
            if m["spec"]["clusterName"] == name]

    def expect_gone(self, name):
        self.server.kubectl("delete", "cluster", name, "--wait", "--timeout=60s")
        for kind in KINDS:
            left = [item["metadata"]["name"] for item in self.server.get(kind)
                    if item["metadata"]["name"].startswith(name)]
            self.assertEqual(left, [], kind)

    def test_a_cluster_comes_up_is_described_and_goes(self):
        manifest = self.create("c1", control_planes=1, workers=2)
        tree = self.server.capstan("describe", "cluster", "c1").stdout
        self.assertIn("KubeadmControlPlane default/c1-control-plane", tree)
        self.assertIn("MachineDeployment default/c1-md-0", tree)
        self.assertNotIn("False", tree, tree)
        self.assertIn("c1-admin@c1", self.server.capstan("get", "kubeconfig", "c1").stdout)
        nodes = self.workload("c1")("get", "nodes")
        self.assertEqual(nodes.count(" Ready "), 3, nodes)
        self.expect_gone("c1")
        # The templates were the user's own and stay until the user deletes them.
        self.server.kubectl("delete", "-f", "-", "--ignore-not-found", stdin=manifest)

    def test_templates_of_cluster_api_work_and_the_ClusterClass_beside_them_is_refused(self):
        if not IN_MEMORY_CLASS.exists():
            self.skipTest(f"{IN_MEMORY_CLASS} is absent; set CAPSTAN_SHARED_DATA")
        done = self.server.kubectl("apply", "-f", IN_MEMORY_CLASS, check=False)
        self.assertEqual(done.stdout.count(" created"), 5, done.stdout)
        self.assertIn('no matches for kind "ClusterClass"', done.stderr)
        self.assertEqual(done.stderr.count("no matches"), 1, done.stderr)
        self.server.apply(OF_FOREIGN_TEMPLATES)
        eventually(lambda: available(self.server, "foreign"), 120, "the cluster is Available")
        self.expect_gone("foreign")

    def test_scaling_up_and_down_follows_the_deployment(self):
        self.create("c2", workers=1)
        for replicas in (4, 2):
            self.server.kubectl("scale", "machinedeployment", "c2-md-0", f"--replicas={replicas}")
            def settled():
                deployment = self.server.get("machinedeployment", "c2-md-0")
                status = deployment["status"]
                return status.get("replicas") == replicas and status.get("readyReplicas") == replicas
            eventually(settled, 60, f"{replicas} workers are ready")
        self.expect_gone("c2")

    def test_three_control_planes_are_made_one_after_the_other(self):
        self.create("c3", control_planes=3, workers=0)
        def settled():
            plane = self.server.get("kubeadmcontrolplane", "c3-control-plane")
            return plane["status"].get("readyReplicas") == 3
        eventually(settled, 90, "three control planes are ready")
        self.server.kubectl("scale", "kubeadmcontrolplane", "c3-control-plane", "--replicas=1")
        eventually(lambda: self.server.get("kubeadmcontrolplane", "c3-control-plane")
                   ["status"].get("replicas") == 1, 90, "one control plane is left")
        self.expect_gone("c3")

    def test_a_control_plane_machine_without_etcd_is_replaced_while_a_majority_is_left(self):
        self.create("c5", control_planes=3, workers=0)
        # By uid: once it is gone, its replacement may have its name.
        def machines():
            return {m["metadata"]["uid"]: m["metadata"]["name"] for m in self.server.get("machines")
                    if m["spec"]["clusterName"] == "c5"}
        def ready():
            plane = self.server.get("kubeadmcontrolplane", "c5-control-plane")
            return plane["status"].get("readyReplicas") == 3 and len(machines()) == 3
        eventually(ready, 90, "three control planes are ready")
        (dead, dead_name), (stopped, stopped_name), _ = machines().items()
        for name in (dead_name, stopped_name):
            self.server.kubectl("annotate", "devmachine", name, f"{ETCD_MEMBER}=stopped")
        self.server.apply(HEALTH_CHECK)
        self.server.kubectl("annotate", "machine", dead_name,
                            "cluster.x-k8s.io/remediate-machine=")
        def refused():
            conditions = self.server.get("machine", dead_name)["status"]["conditions"]
            return any(c["type"] == "OwnerRemediated" and c["status"] == "False" and
                       c["reason"] in ("RemediationDeferred", "CannotBeRemediated")
                       for c in conditions)
        eventually(refused, 60, "with one of three etcd members nothing is removed")
        self.assertIn(dead, machines())
        self.server.kubectl("annotate", "devmachine", stopped_name, f"{ETCD_MEMBER}-")
        eventually(lambda: dead not in machines() and ready(), 120, "the dead one is replaced")
        self.assertIn(stopped, machines())
        self.expect_gone("c5")

    def test_control_plane_machines_that_are_all_deleted_by_hand_go_and_new_ones_come(self):
        self.create("c7", control_planes=3, workers=0)
        # By uid: the first new one has the name of the first old one.
        def machines():
            return {m["metadata"]["uid"]: m["metadata"]["name"] for m in self.server.get("machines")
                    if m["metadata"]["name"].startswith("c7-control-plane")}
        def ready():
            status = self.server.get("kubeadmcontrolplane", "c7-control-plane")["status"]
            return status.get("readyReplicas") == 3 and len(machines()) == 3
        eventually(ready, 90, "three control planes are ready")
        old = machines()
        self.server.kubectl("delete", "machine", "--wait=false", *old.values())
        eventually(lambda: not set(old) & set(machines()) and ready(), 90, "three others are ready")
        self.expect_gone("c7")

    def test_a_new_version_replaces_every_worker_within_the_surge(self):
        self.create("c4", workers=2)
        self.server.kubectl("patch", "kubeadmcontrolplane", "c4-control-plane", "--type=merge",
                            "-p", '{"spec":{"version":"v1.34.3"}}')
        eventually(lambda: self.server.get("kubeadmcontrolplane", "c4-control-plane")["status"]
                   .get("version") == "v1.34.3", 90, "the control plane has the new version")
        self.expect_cluster_itself_upgraded("c4", "v1.34.3")
        before = {m["metadata"]["name"] for m in self.server.get("machines")
                  if m["metadata"]["name"].startswith("c4-md")}
        self.server.kubectl("patch", "machinedeployment", "c4-md-0", "--type=merge", "-p",
                            '{"spec":{"template":{"spec":{"version":"v1.34.3"}}}}')
        def rolled():
            machines = [m for m in self.server.get("machines")
                        if m["metadata"]["name"].startswith("c4-md")]
            self.assertLessEqual(len([m for m in machines
                                      if "deletionTimestamp" not in m["metadata"]]), 3)
            return (len(machines) == 2 and
                    all(m["spec"]["version"] == "v1.34.3" for m in machines) and
                    all(condition(m, "Ready") == "True" for m in machines))
        eventually(rolled, 90, "both workers have the new version")
        after = {m["metadata"]["name"] for m in self.server.get("machines")
                 if m["metadata"]["name"].startswith("c4-md")}
        self.assertEqual(before & after, set())
        self.expect_gone("c4")


if __name__ == "__main__":
    unittest.main(verbosity=2)
