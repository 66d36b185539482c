"""What a @KIND@ becomes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from @PACKAGE@.@FILE@ import @KIND@
from @PACKAGE@.cloud import FakeCloud
from capstan import Reconciler
from capstan.testing import PluginUnderTest, ReconciledObject


@pytest.fixture
def item(plugin: Callable[[type[Reconciler]], PluginUnderTest]) -> ReconciledObject:
    return plugin(@KIND@).object(
        {"apiVersion": "@GROUP@/v1alpha1", "kind": "@KIND@",
         "metadata": {"name": "one", "namespace": "default", "uid": "uid-1"},
         "spec": {"forProvider": {"sizeGiB": 10}}})


def test_it_is_made_once_and_becomes_ready(item: ReconciledObject) -> None:
    item.run()
    assert item.condition("Ready") == item.condition("Synced") == "True"
    assert item.object["status"]["atProvider"]["sizeGiB"] == 10


def test_a_changed_size_is_written(item: ReconciledObject, cloud: FakeCloud) -> None:
    item.run()
    item.object["spec"]["forProvider"]["sizeGiB"] = 20
    item.step()
    item.step()
    volume = cloud.find("volume", "uid-1")
    assert volume is not None and volume.properties["sizeGiB"] == 20
    assert item.object["status"]["atProvider"]["sizeGiB"] == 20


def test_it_goes_with_its_object(item: ReconciledObject, cloud: FakeCloud) -> None:
    item.run()
    item.ask_deletion()
    item.run()
    assert item.gone
    assert cloud.find("volume", "uid-1") is None
