"""What the layers do around an author's functions, as the contracts have it."""

from __future__ import annotations

import base64
from typing import Any

import pytest

import capstan
from capstan import Code, InProgress, Instance, Json
from capstan.testing import PluginUnderTest, ReconciledObject

INFRA = "infrastructure.cluster.x-k8s.io/v1beta2"


class Machine(capstan.InfrastructureMachine):
    kind = "FakeMachine"
    servers: dict[str, Instance] = {}
    deletions: list[InProgress | None] = []

    def find(self, machine: capstan.MachineContext) -> Instance | None:
        return self.servers.get(machine.uid)

    def create(self, machine: capstan.MachineContext, data: capstan.BootstrapData
               ) -> Instance | InProgress:
        if machine.spec.get("image") == "absent":
            raise capstan.Invalid("no such image", field="/spec/image", reason="ImageNotFound")
        assert (data.value, data.format) == ("#!/bin/sh", "cloud-config")
        self.servers[machine.uid] = Instance("fake://1", [("InternalIP", "10.0.0.7")], ready=False,
                                             reason="Booting")
        return self.servers[machine.uid]

    def delete(self, machine: capstan.MachineContext) -> InProgress | None:
        if self.deletions:
            return self.deletions.pop()
        self.servers.pop(machine.uid, None)
        return None


class Cluster(capstan.InfrastructureCluster):
    kind = "FakeCluster"

    def create(self, cluster: capstan.ClusterContext) -> capstan.Infrastructure:
        return capstan.Infrastructure(("10.0.0.1", 6443), [capstan.FailureDomain("a")])

    def delete(self, cluster: capstan.ClusterContext) -> None:
        return None


@pytest.fixture(autouse=True)
def no_servers() -> None:
    Machine.servers.clear()
    Machine.deletions.clear()


@pytest.fixture
def plugin() -> PluginUnderTest:
    return PluginUnderTest(Machine, Cluster)


def item(kind: str, **spec: Any) -> Json:
    return {"apiVersion": INFRA, "kind": kind, "spec": spec,
            "metadata": {"name": "m1", "namespace": "default", "uid": "u1"}}


def core(kind: str, **parts: Any) -> Json:
    return {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": kind,
            "metadata": {"name": "c1", "namespace": "default", "uid": f"uid-{kind}"}, **parts}


@pytest.fixture
def machine(plugin: PluginUnderTest) -> ReconciledObject:
    return plugin.object(
        item("FakeMachine"),
        cluster=core("Cluster", status={"initialization": {"infrastructureProvisioned": True}}),
        owner=core("Machine", spec={"bootstrap": {"dataSecretName": "s1"}}),
        bootstrap_secret={"data": {"value": base64.b64encode(b"#!/bin/sh").decode()}})


def test_a_machine_is_made_waited_for_and_published(machine: ReconciledObject) -> None:
    machine.run()
    assert machine.object["metadata"]["finalizers"] == [
        "fakemachine.infrastructure.cluster.x-k8s.io"]
    assert machine.reason("Ready") == "Booting"
    Machine.servers["u1"] = Instance("fake://1", [("InternalIP", "10.0.0.7")], failure_domain="a")
    machine.run()
    assert machine.object["spec"]["providerID"] == "fake://1"
    assert machine.object["status"]["addresses"] == [{"type": "InternalIP", "address": "10.0.0.7"}]
    assert machine.object["status"]["failureDomain"] == "a"
    assert machine.object["status"]["initialization"] == {"provisioned": True}
    assert machine.condition("Ready") == "True"


def test_nothing_is_made_before_the_finalizer_is_stored(machine: ReconciledObject) -> None:
    machine.step()
    assert Machine.servers == {}


@pytest.mark.parametrize("around, change, reason", [
    ("owner", None, "WaitingForMachine"),
    ("cluster", None, "WaitingForCluster"),
    ("cluster", core("Cluster"), "WaitingForClusterInfrastructureReady"),
    ("owner", core("Machine"), "WaitingForControlPlaneInitialized"),
    ("bootstrap_secret", None, "WaitingForBootstrapData")])
def test_a_machine_waits_and_says_what_for(machine: ReconciledObject, around: str,
                                           change: Json | None, reason: str) -> None:
    setattr(machine, around, change)
    machine.run()
    assert machine.reason("Ready") == reason
    assert Machine.servers == {}


def test_a_machine_that_was_provisioned_is_never_made_again(machine: ReconciledObject) -> None:
    machine.run()
    Machine.servers["u1"] = Instance("fake://1")
    machine.run()
    Machine.servers.clear()
    machine.run()
    assert machine.reason("Ready") == "InstanceDeleted"
    assert Machine.servers == {}


def test_a_failure_is_a_condition_an_event_and_a_diagnostic(machine: ReconciledObject) -> None:
    machine.object["spec"]["image"] = "absent"
    outcome = machine.run(2)
    assert outcome.status == Code.INVALID
    assert outcome.diagnostics[0][5], "terminal"
    assert machine.reason("Ready") == "ImageNotFound"
    assert outcome.reply["events"][0]["type"] == "Warning"


def test_deletion_goes_on_until_it_is_done(machine: ReconciledObject) -> None:
    machine.run()
    Machine.deletions[:] = [InProgress("Stopping", "the server stops", 3)]
    machine.ask_deletion()
    outcome = machine.step()
    assert machine.reason("Ready") == "Stopping" and not machine.gone
    assert outcome.reply["requeueAfterMs"] == 3000
    machine.run()
    assert machine.gone and Machine.servers == {}


def test_a_paused_object_is_left_alone(machine: ReconciledObject) -> None:
    machine.object["metadata"]["annotations"] = {"cluster.x-k8s.io/paused": ""}
    machine.run()
    assert machine.condition("Paused") == "True"
    assert "finalizers" not in machine.object["metadata"]


def test_a_clusters_infrastructure_is_published(plugin: PluginUnderTest) -> None:
    cluster = plugin.object(item("FakeCluster"), cluster=core("Cluster"))
    cluster.run()
    assert cluster.object["spec"]["controlPlaneEndpoint"] == {"host": "10.0.0.1", "port": 6443}
    assert cluster.object["status"]["failureDomains"] == [{"name": "a", "controlPlane": True}]
    assert cluster.object["status"]["initialization"] == {"provisioned": True}


def test_an_endpoint_that_the_user_gave_is_kept(plugin: PluginUnderTest) -> None:
    given = {"host": "api.example.com", "port": 443}
    cluster = plugin.object(item("FakeCluster", controlPlaneEndpoint=given),
                            cluster=core("Cluster"))
    cluster.run()
    assert cluster.object["spec"]["controlPlaneEndpoint"] == given


def test_what_is_managed_by_others_is_not_touched(plugin: PluginUnderTest) -> None:
    managed = item("FakeCluster")
    managed["metadata"]["annotations"] = {"cluster.x-k8s.io/managed-by": "me"}
    cluster = plugin.object(managed, cluster=core("Cluster"))
    assert cluster.step().reply == {}


# ---- external resources -----------------------------------------------------------------------


class Bucket(capstan.ExternalResource):
    kind = "Bucket"
    sizes: dict[str, int] = {}

    def observe(self, resource: capstan.ResourceContext) -> capstan.Observation | None:
        size = self.sizes.get(resource.external_name)
        if size is None:
            return None
        wanted = resource.for_provider["size"]
        return capstan.Observation(
            up_to_date=size == wanted, difference=f"size: {size} -> {wanted}",
            at_provider={"size": size}, connection={"url": "s3://b"},
            late_initialized={"zone": "eu"})

    def create(self, resource: capstan.ResourceContext) -> None:
        self.sizes[resource.external_name] = resource.for_provider["size"]

    def update(self, resource: capstan.ResourceContext, observation: capstan.Observation) -> None:
        self.create(resource)

    def delete(self, resource: capstan.ResourceContext) -> None:
        del self.sizes[resource.external_name]


@pytest.fixture
def bucket() -> ReconciledObject:
    Bucket.sizes.clear()
    return PluginUnderTest(Bucket).object({
        "apiVersion": "example.dev/v1", "kind": "Bucket",
        "metadata": {"name": "b1", "namespace": "default", "uid": "u1"},
        "spec": {"forProvider": {"size": 3}, "writeConnectionSecretToRef": {"name": "b1-conn"}}})


def test_a_resource_is_made_under_its_external_name(bucket: ReconciledObject) -> None:
    bucket.run()
    assert Bucket.sizes == {"b1": 3}
    assert bucket.object["metadata"]["annotations"] == {"crossplane.io/external-name": "b1"}
    assert bucket.condition("Ready") == bucket.condition("Synced") == "True"
    assert bucket.object["spec"]["forProvider"]["zone"] == "eu"
    assert bucket.plugin.host.find("Secret", "b1-conn") is not None


def test_a_difference_is_updated(bucket: ReconciledObject) -> None:
    bucket.run()
    bucket.object["spec"]["forProvider"]["size"] = 5
    outcome = bucket.step()
    assert Bucket.sizes == {"b1": 5}
    assert outcome.reply["events"][0]["message"] == "size: 3 -> 5"


def test_policies_forbid_what_they_do_not_name(bucket: ReconciledObject) -> None:
    bucket.object["spec"]["managementPolicies"] = ["Observe"]
    outcome = bucket.run()
    assert outcome.status == Code.FAILED_PRECONDITION
    assert bucket.reason("Synced") == "ExternalResourceMissing"
    assert Bucket.sizes == {}


def test_an_orphan_stays(bucket: ReconciledObject) -> None:
    bucket.object["spec"]["deletionPolicy"] = "Orphan"
    bucket.run()
    bucket.ask_deletion()
    bucket.run()
    assert bucket.gone and Bucket.sizes == {"b1": 3}


def test_a_deleted_resource_goes(bucket: ReconciledObject) -> None:
    bucket.run()
    bucket.ask_deletion()
    bucket.run()
    assert bucket.gone and Bucket.sizes == {}
