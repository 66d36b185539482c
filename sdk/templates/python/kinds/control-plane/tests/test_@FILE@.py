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
         "metadata": {"name": "one", "namespace": "default", "uid": "uid-1"},
         "spec": {"version": "v1.34.2"}},
        cluster=cluster)


def test_a_control_plane_becomes_initialized_with_endpoint_and_kubeconfig(
        item: ReconciledObject) -> None:
    item.run()
    assert item.condition("Available") == "True"
    assert item.object["status"]["initialization"]["controlPlaneInitialized"] is True
    assert item.object["spec"]["controlPlaneEndpoint"]["port"] == 6443
    assert item.object["status"]["version"] == "v1.34.2"
    assert item.plugin.host.find("Secret", "c-kubeconfig") is not None


def test_a_new_version_is_handed_to_the_cloud(item: ReconciledObject) -> None:
    item.run()
    item.object["spec"]["version"] = "v1.35.0"
    item.step()
    item.step()
    assert item.object["status"]["version"] == "v1.35.0"
    assert item.condition("Available") == "True"


def test_a_version_that_is_not_offered_is_refused_for_good_with_its_field(
        item: ReconciledObject) -> None:
    item.object["spec"]["version"] = "newest"
    item.run()
    *_, field, _, terminal = item.last.diagnostics[0]
    assert (field, terminal) == ("/spec/version", True)


def test_deletion_removes_the_control_plane_and_then_the_finalizer(
        item: ReconciledObject, cloud: FakeCloud) -> None:
    item.run()
    item.ask_deletion()
    item.step()
    assert item.gone
    assert cloud.find("control-plane", "uid-1") is None
