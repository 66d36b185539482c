"""What a @KIND@ becomes."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from @PACKAGE@.@FILE@ import @KIND@
from @PACKAGE@.cloud import FakeCloud
from capstan import Json, Reconciler
from capstan.testing import PluginUnderTest, ReconciledObject


@pytest.fixture
def item(plugin: Callable[[type[Reconciler]], PluginUnderTest], cluster: Json, machine: Json
         ) -> ReconciledObject:
    machine["spec"]["bootstrap"]["dataSecretName"] = "one-data"
    return plugin(@KIND@).object(
        {"apiVersion": "@GROUP@/v1beta2", "kind": "@KIND@",
         "metadata": {"name": "one", "namespace": "default", "uid": "uid-1"},
         "spec": {"size": "medium"}},
        cluster=cluster, owner=machine,
        bootstrap_secret={"data": {"value": base64.b64encode(b"#data").decode()}})


def test_a_machine_becomes_ready_with_provider_id_and_addresses(
        item: ReconciledObject, cloud: FakeCloud) -> None:
    item.run()
    assert item.condition("Ready") == "True"
    assert item.object["spec"]["providerID"] == "@NAME@:///server-uid-1"
    assert len(item.object["status"]["addresses"]) == 1
    assert item.object["status"]["failureDomain"] == "a"
    server = cloud.find("server", "uid-1")
    assert server is not None and server.properties["size"] == "medium"


def test_nothing_is_made_before_the_finalizer_is_stored(
        item: ReconciledObject, cloud: FakeCloud) -> None:
    item.step()
    assert len(item.object["metadata"]["finalizers"]) == 1
    assert cloud.find("server", "uid-1") is None


def test_it_waits_for_the_clusters_infrastructure(
        item: ReconciledObject, cluster: Json, cloud: FakeCloud) -> None:
    cluster["status"] = {}
    item.run()
    assert item.reason("Ready") == "WaitingForClusterInfrastructureReady"
    assert cloud.find("server", "uid-1") is None


def test_a_size_that_is_not_offered_is_refused_for_good_with_its_field(
        item: ReconciledObject) -> None:
    item.object["spec"]["size"] = "gigantic"
    item.run()
    *_, field, _, terminal = item.last.diagnostics[0]
    assert (field, terminal) == ("/spec/size", True)


def test_deletion_removes_the_server_and_then_the_finalizer(
        item: ReconciledObject, cloud: FakeCloud) -> None:
    item.run()
    item.ask_deletion()
    item.step()
    assert item.gone
    assert cloud.find("server", "uid-1") is None
