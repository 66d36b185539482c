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
    return plugin(@KIND@).object(
        {"apiVersion": "@GROUP@/v1beta2", "kind": "@KIND@",
         "metadata": {"name": "one", "namespace": "default", "uid": "uid-1"},
         "spec": {"preCommands": ["echo hello"]}},
        cluster=cluster, owner=machine)


def test_the_data_is_stored_and_reported(item: ReconciledObject) -> None:
    item.run()
    assert item.object["status"]["dataSecretName"] == "one"
    assert item.condition("Ready") == "True"
    secret = item.plugin.host.find("Secret", "one")
    assert secret is not None
    data = base64.b64decode(secret["data"]["value"]).decode()
    assert '- "echo hello"\n' in data
    assert "join-node --mode init --server https://10.0.0.1:6443" in data


def test_it_waits_for_the_endpoint(item: ReconciledObject, cluster: Json) -> None:
    del cluster["spec"]["controlPlaneEndpoint"]
    item.run()
    assert item.reason("Ready") == "WaitingForControlPlaneEndpoint"


def test_the_token_is_revoked_with_the_config(item: ReconciledObject, cloud: FakeCloud) -> None:
    item.run()
    assert cloud.find("token", "uid-1") is not None
    item.ask_deletion()
    item.step()
    assert item.gone
    assert cloud.find("token", "uid-1") is None
