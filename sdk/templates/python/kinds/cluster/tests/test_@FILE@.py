"""What a @KIND@ becomes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from @PACKAGE@.@FILE@ import @KIND@
from @PACKAGE@.cloud import FakeCloud
from capstan import Json, Reconciler
from capstan.testing import PluginUnderTest, ReconciledObject


@pytest.fixture
def item(plugin: Callable[[type[Reconciler]], PluginUnderTest], cluster: Json) -> ReconciledObject:
    return plugin(@KIND@).object(
        {"apiVersion": "@GROUP@/v1beta2", "kind": "@KIND@",
         "metadata": {"name": "one", "namespace": "default", "uid": "uid-1"}, "spec": {}},
        cluster=cluster)


def test_a_cluster_gets_its_network_endpoint_and_failure_domains(
        item: ReconciledObject, cloud: FakeCloud) -> None:
    item.run()
    assert item.condition("Ready") == "True"
    assert cloud.find("network", "uid-1") is not None
    assert item.object["spec"]["controlPlaneEndpoint"]["port"] == 6443
    assert [domain["name"] for domain in item.object["status"]["failureDomains"]] == ["a", "b"]


def test_nothing_is_made_before_the_finalizer_is_stored(
        item: ReconciledObject, cloud: FakeCloud) -> None:
    item.step()
    assert len(item.object["metadata"]["finalizers"]) == 1
    assert cloud.find("network", "uid-1") is None
    item.step()
    assert item.reason("Ready") == "NetworkBuilding"


def test_a_wrong_network_is_refused_for_good_with_its_field(item: ReconciledObject) -> None:
    item.object["spec"]["cidr"] = "somewhere"
    item.run()
    *_, field, _, terminal = item.last.diagnostics[0]
    assert (field, terminal) == ("/spec/cidr", True)


def test_deletion_removes_the_network_and_then_the_finalizer(
        item: ReconciledObject, cloud: FakeCloud) -> None:
    item.run()
    item.ask_deletion()
    item.step()
    assert item.gone
    assert cloud.find("network", "uid-1") is None
