"""Control planes that somebody else runs, and bootstrap configs that have something outside."""

from __future__ import annotations

import base64

import pytest

import capstan
from capstan import Code, HostedPlane, InProgress, Json
from capstan.testing import PluginUnderTest, ReconciledObject

GROUP = "controlplane.cluster.x-k8s.io/v1beta2"


class Plane(capstan.HostedControlPlane):
    kind = "FakePlane"
    planes: dict[str, HostedPlane] = {}
    made = 0

    def find(self, plane: capstan.HostedContext) -> HostedPlane | None:
        return self.planes.get(plane.uid)

    def create(self, plane: capstan.HostedContext) -> HostedPlane | InProgress:
        Plane.made += 1
        self._run(plane, ready=False)
        return InProgress("Building", "it is being built")

    def upgrade(self, plane: capstan.HostedContext, running: HostedPlane) -> InProgress:
        if plane.version == "v9.0.0":
            raise capstan.Invalid("no such version", field="/spec/version")
        self._run(plane, ready=True)
        return InProgress(requeue_after=3)

    def delete(self, plane: capstan.HostedContext) -> None:
        self.planes.pop(plane.uid, None)

    def _run(self, plane: capstan.HostedContext, ready: bool) -> None:
        self.planes[plane.uid] = HostedPlane(("10.0.0.9", 443), f"kubeconfig {plane.cluster_name}",
                                             plane.version, ready=ready)


@pytest.fixture
def cluster() -> Json:
    return {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "Cluster",
            "metadata": {"name": "c", "namespace": "default", "uid": "c-uid"},
            "spec": {"controlPlaneEndpoint": {"host": "10.0.0.1", "port": 6443}},
            "status": {"initialization": {"infrastructureProvisioned": True}}}


@pytest.fixture
def plane(cluster: Json) -> ReconciledObject:
    Plane.planes.clear()
    Plane.made = 0
    return PluginUnderTest(Plane).object(
        {"apiVersion": GROUP, "kind": "FakePlane", "spec": {"version": "v1.34.2"},
         "metadata": {"name": "one", "namespace": "default", "uid": "u1"}}, cluster=cluster)


def available(plane: ReconciledObject) -> ReconciledObject:
    plane.run(3)
    Plane.planes["u1"] = HostedPlane(("10.0.0.9", 443), "kubeconfig c", "v1.34.2")
    plane.run(3)
    return plane


def test_it_is_made_once_and_waited_for(plane: ReconciledObject) -> None:
    plane.run(4)
    assert Plane.made == 1
    assert plane.condition("Available") == "False"
    assert "initialization" not in plane.object["status"]


def test_one_that_runs_is_published_as_the_contract_has_it(plane: ReconciledObject) -> None:
    available(plane)
    status = plane.object["status"]
    assert plane.condition("Available") == plane.condition("Ready") == "True"
    assert status["initialization"]["controlPlaneInitialized"] is True
    assert status["externalManagedControlPlane"] is True
    assert status["version"] == "v1.34.2"
    assert plane.object["spec"]["controlPlaneEndpoint"] == {"host": "10.0.0.9", "port": 443}
    secret = plane.plugin.host.find("Secret", "c-kubeconfig")
    assert secret is not None
    assert base64.b64decode(secret["data"]["value"]) == b"kubeconfig c"
    assert secret["metadata"]["labels"] == {"cluster.x-k8s.io/cluster-name": "c"}


def test_another_version_is_upgraded_to_and_it_goes_on_serving(plane: ReconciledObject) -> None:
    available(plane)
    plane.object["spec"]["version"] = "v1.35.0"
    assert plane.step().reply["requeueAfterMs"] == 3000
    plane.step()
    assert plane.object["status"]["version"] == "v1.35.0"
    assert plane.condition("Available") == "True"


def test_a_failed_upgrade_is_shown_and_it_stays_available(plane: ReconciledObject) -> None:
    available(plane)
    plane.object["spec"]["version"] = "v9.0.0"
    assert plane.step().status == Code.INVALID
    assert plane.condition("Available") == "True"
    assert plane.reason("Ready") == "ControlPlaneUpgradeFailed"


def test_one_that_was_lost_is_never_made_again(plane: ReconciledObject) -> None:
    available(plane)
    Plane.planes.clear()
    plane.run(3)
    assert Plane.made == 1
    assert plane.reason("Available") == "ControlPlaneDeleted"


def test_deletion_removes_it_and_then_the_finalizer(plane: ReconciledObject) -> None:
    available(plane)
    plane.ask_deletion()
    plane.step()
    assert plane.gone
    assert not Plane.planes


class Config(capstan.BootstrapConfig):
    kind = "FakeConfig"
    finalizer = "test/config"
    tokens: set[str] = set()

    def data(self, config: capstan.BootstrapContext) -> capstan.BootstrapData:
        self.tokens.add(config.uid)
        return capstan.BootstrapData(f"join {config.endpoint}")

    def delete(self, config: capstan.BootstrapContext) -> None:
        self.tokens.discard(config.uid)


@pytest.fixture
def config(cluster: Json) -> ReconciledObject:
    Config.tokens.clear()
    return PluginUnderTest(Config).object(
        {"apiVersion": "bootstrap.cluster.x-k8s.io/v1beta2", "kind": "FakeConfig", "spec": {},
         "metadata": {"name": "one", "namespace": "default", "uid": "u1"}}, cluster=cluster,
        owner={"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "Machine", "spec": {},
               "metadata": {"name": "m", "labels": {"cluster.x-k8s.io/control-plane": ""}}})


def test_nothing_is_asked_of_a_config_before_its_finalizer_is_stored(
        config: ReconciledObject) -> None:
    config.step()
    assert not Config.tokens
    config.step()
    assert Config.tokens == {"u1"}
    assert config.object["status"]["dataSecretName"] == "one"


def test_what_a_config_has_outside_goes_before_the_finalizer(
        config: ReconciledObject) -> None:
    config.run()
    config.ask_deletion()
    config.cluster, config.owner = None, None
    config.step()
    assert config.gone
    assert not Config.tokens
