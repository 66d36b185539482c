"""What the tests begin with: the provider, and objects of Cluster API."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from @PACKAGE@.cloud import FakeCloud
from capstan import Json, Reconciler
from capstan.testing import PluginUnderTest


@pytest.fixture
def cloud(tmp_path: Path) -> FakeCloud:
    """A look from outside."""
    return FakeCloud(str(tmp_path / "cloud"))


@pytest.fixture
def plugin(tmp_path: Path) -> Callable[[type[Reconciler]], PluginUnderTest]:
    return lambda kind: PluginUnderTest(kind, settings={"folder": str(tmp_path / "cloud")})


@pytest.fixture
def cluster() -> Json:
    return {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "Cluster",
            "metadata": {"name": "c", "namespace": "default", "uid": "uid-c"},
            "spec": {"controlPlaneEndpoint": {"host": "10.0.0.1", "port": 6443}},
            "status": {"initialization": {"infrastructureProvisioned": True}}}


@pytest.fixture
def machine() -> Json:
    """A control plane machine without bootstrap data."""
    return {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "Machine",
            "metadata": {"name": "one", "namespace": "default", "uid": "uid-m",
                         "labels": {"cluster.x-k8s.io/control-plane": ""}},
            "spec": {"version": "v1.34.2", "failureDomain": "a", "bootstrap": {}}}
