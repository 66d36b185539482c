"""How a K3sControlPlane goes about its machines, with every write committed to the fake host."""

from __future__ import annotations

from typing import Any

import pytest

from capstan import Code, Json
from capstan.testing import FakeHost, PluginUnderTest, ReconciledObject

API = "controlplane.cluster.x-k8s.io/v1beta2"


def plane_object(replicas: int = 1, version: str = "v1.34.2+k3s1", **spec: Any) -> Json:
    return {"apiVersion": API, "kind": "K3sControlPlane",
            "metadata": {"name": "c1-cp", "namespace": "default", "uid": "plane-uid"},
            "spec": {"replicas": replicas, "version": version, **spec, "machineTemplate": {
                "spec": {"infrastructureRef": {
                    "apiGroup": "infrastructure.cluster.x-k8s.io", "kind": "DevMachineTemplate",
                    "name": "c1-servers"}}}}}


class World:
    """The host's objects seen as a cluster: machines get nodes, deleted ones go."""

    def __init__(self, plugin: PluginUnderTest, cluster: Json, item: Json) -> None:
        self.host = plugin.host
        self.plane: ReconciledObject = plugin.object(item, cluster=cluster)
        self.host.cluster_nodes = lambda _: [
            {"kind": "Node", "metadata": {"name": machine["metadata"]["name"]}}
            for machine in self.machines() if machine.get("status", {}).get("nodeRef")]

    def machines(self) -> list[Json]:
        return [item for item in self.host.objects if item["kind"] == "Machine"]

    def step(self) -> None:
        self.plane.relations = {
            "machines": self.machines(),
            "configs": [item for item in self.host.objects if item["kind"] == "K3sConfig"]}
        self.plane.step()
        assert self.plane.last.status == Code.OK, self.plane.last.diagnostics

    def nodes_come_up(self) -> None:
        for machine in self.machines():
            status = machine.setdefault("status", {})
            status["nodeRef"] = {"name": machine["metadata"]["name"]}
            conditions = status.setdefault("conditions", [])
            for kind in ("Ready", "Available", "NodeReady", "NodeHealthy"):
                conditions[:] = [item for item in conditions if item["type"] != kind]
                conditions.append({"type": kind, "status": "True", "reason": kind, "message": ""})

    def settle(self, rounds: int = 12) -> None:
        for _ in range(rounds):
            self.step()
            self.nodes_come_up()

    def names(self) -> list[str]:
        return sorted(machine["metadata"]["name"] for machine in self.machines())

    @property
    def status(self) -> Json:
        status: Json = self.plane.object["status"]
        return status


@pytest.fixture
def world(plugin: PluginUnderTest, cluster: Json) -> World:
    return World(plugin, cluster, plane_object())


def test_secrets_come_before_the_first_machine(world: World, host: FakeHost) -> None:
    world.step()  # the finalizer
    assert world.machines() == [] and host.find("Secret", "c1-ca") is None
    world.step()
    for purpose in ("ca", "etcd", "proxy", "sa", "token"):
        found = host.find("Secret", f"c1-{purpose}")
        assert found is not None, purpose
        assert found["metadata"]["ownerReferences"][0]["kind"] == "K3sControlPlane"
    assert world.machines() == []
    world.step()
    assert host.find("Secret", "c1-kubeconfig") is not None
    assert len(world.machines()) == 1


def test_the_first_machine_is_made_of_infrastructure_config_and_machine(
        world: World, host: FakeHost) -> None:
    world.settle(3)
    (machine,) = world.machines()
    name = machine["metadata"]["name"]
    assert name.startswith("c1-cp-")
    assert machine["spec"]["bootstrap"]["configRef"] == {
        "apiGroup": "bootstrap.cluster.x-k8s.io", "kind": "K3sConfig", "name": name}
    assert machine["spec"]["infrastructureRef"] == {
        "apiGroup": "infrastructure.cluster.x-k8s.io", "kind": "DevMachine", "name": name}
    assert "cluster.x-k8s.io/control-plane" in machine["metadata"]["labels"]
    infra = host.find("DevMachine", name)
    assert infra is not None and host.find("K3sConfig", name) is not None
    assert infra["metadata"]["annotations"]["cluster.x-k8s.io/cloned-from-name"] == "c1-servers"


def test_it_is_initialized_and_available_once_its_api_server_answers(world: World) -> None:
    world.settle(3)
    assert world.plane.condition("Available") == "False"
    world.settle()
    assert world.status["initialization"] == {"controlPlaneInitialized": True}
    for kind in ("Available", "Initialized", "MachinesReady", "MachinesUpToDate"):
        assert world.plane.condition(kind) == "True", kind
    for kind in ("RollingOut", "ScalingUp", "ScalingDown", "Deleting", "Paused"):
        assert world.plane.condition(kind) == "False", kind
    assert {key: world.status[key] for key in ("replicas", "readyReplicas", "availableReplicas",
                                               "upToDateReplicas")} == {
        "replicas": 1, "readyReplicas": 1, "availableReplicas": 1, "upToDateReplicas": 1}
    assert world.status["versions"] == [{"version": "v1.34.2+k3s1", "replicas": 1}]


def test_further_machines_come_one_after_the_other(world: World) -> None:
    world.settle()
    world.plane.object["spec"]["replicas"] = 3
    world.step()
    world.step()
    assert len(world.machines()) == 2, "the second has to be up before the third is made"
    world.settle()
    assert len(world.machines()) == 3


def test_a_call_that_is_made_again_makes_no_second_machine(world: World) -> None:
    world.settle(2)
    world.plane.relations = {"machines": [], "configs": []}
    for _ in range(3):  # as if the cache did not show the machine yet
        world.plane.step()
    assert len(world.machines()) == 1


def test_a_new_version_is_rolled_out_by_making_before_deleting(world: World) -> None:
    world.plane.object["spec"]["replicas"] = 3
    world.settle()
    before = set(world.names())
    world.plane.object["spec"]["version"] = "v1.35.0+k3s1"
    seen = []
    for _ in range(20):
        world.step()
        world.nodes_come_up()
        seen.append(len(world.machines()))
    assert min(seen) >= 3 and max(seen) == 4
    assert not before & set(world.names())
    assert world.status["version"] == "v1.35.0+k3s1"
    assert world.plane.condition("RollingOut") == "False"


def test_a_changed_setting_is_rolled_out_and_the_reason_is_told(world: World) -> None:
    world.settle()
    world.plane.object["spec"]["k3sConfigSpec"] = {"server": {"disable": ["traefik"]}}
    world.step()
    assert world.plane.condition("RollingOut") == "True"
    assert "K3sConfig is not up-to-date" in world.plane.message("RollingOut")
    assert "UpToDate" in str(world.machines()[0]["status"]["conditions"])


def test_labels_reach_machines_without_replacing_them(world: World) -> None:
    world.settle()
    before = world.names()
    template = world.plane.object["spec"]["machineTemplate"]
    template["metadata"] = {"labels": {"team": "blue"}}
    world.settle()
    assert world.names() == before
    assert world.machines()[0]["metadata"]["labels"]["team"] == "blue"


def test_scaling_down_takes_the_oldest_from_the_fullest_failure_domain(
        world: World, cluster: Json) -> None:
    cluster["status"]["failureDomains"] = [{"name": zone, "controlPlane": True} for zone in "ab"]
    world.plane.object["spec"]["replicas"] = 3
    for hour in range(12):
        world.plane.now = f"2026-01-01T{hour:02}:00:00Z"
        world.step()
        world.nodes_come_up()
    zones = [machine["spec"]["failureDomain"] for machine in world.machines()]
    assert sorted(zones) == ["a", "a", "b"]
    oldest = world.machines()[0]["metadata"]["name"]
    world.plane.object["spec"]["replicas"] = 1
    world.step()
    assert oldest not in world.names() and len(world.machines()) == 2
    world.settle()
    assert len(world.machines()) == 1


def test_nothing_happens_while_the_cluster_is_paused(world: World, cluster: Json) -> None:
    cluster["spec"]["paused"] = True
    world.settle(4)
    assert world.machines() == []
    assert world.plane.condition("Paused") == "True"


def test_deletion_waits_for_workers_then_takes_the_machines_then_itself(world: World) -> None:
    world.settle()
    worker = {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "Machine",
              "metadata": {"name": "w", "namespace": "default", "uid": "w"}, "spec": {}}
    world.host.objects.append(worker)
    world.plane.ask_deletion()
    world.step()
    assert len(world.machines()) == 2
    assert "1 worker" in world.plane.message("Deleting")
    world.host.objects.remove(worker)
    world.step()
    world.step()
    assert world.machines() == [] and world.plane.gone


def test_a_lost_authority_of_an_initialized_cluster_is_not_made_anew(
        world: World, host: FakeHost) -> None:
    world.settle()
    host.objects = [item for item in host.objects if item["metadata"]["name"] != "c1-ca"]
    world.plane.step()
    assert world.plane.last.status == Code.FAILED_PRECONDITION
    assert host.find("Secret", "c1-ca") is None
    assert "backup" in world.plane.last.detail


def test_the_kubeconfig_is_renewed_half_a_year_before_it_ends(world: World, host: FakeHost) -> None:
    world.settle()
    before = host.find("Secret", "c1-kubeconfig")
    assert before is not None
    host.unix_time += 190 * 24 * 3600
    world.step()
    assert [item["name"] for item in world.plane.last.reply["patches"]] == ["c1-kubeconfig"]


@pytest.mark.parametrize("spec, field", [
    ({"replicas": 2}, "/spec/replicas"), ({"replicas": 0}, "/spec/replicas"),
    ({"version": "v1.34.2"}, "/spec/version"), ({"version": "latest"}, "/spec/version")])
def test_what_cannot_work_is_refused_with_its_field(
        plugin: PluginUnderTest, spec: Json, field: str) -> None:
    outcome = plugin.admit(plane_object(**spec))
    assert outcome.status == Code.INVALID
    assert outcome.diagnostics[0][3] == field


def test_replicas_default_to_one(plugin: PluginUnderTest) -> None:
    item = plane_object()
    del item["spec"]["replicas"]
    assert plugin.admit(item).reply == {"spec": {"replicas": 1}}
