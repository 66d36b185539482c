"""Objects that the tests begin with."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from capstan import Json
from capstan.testing import FakeHost, PluginUnderTest
from k3s.provider import K3sConfig, K3sControlPlane

PEM = "-----BEGIN {0}-----\n{1}\n-----END {0}-----\n"
BOOTSTRAP = "bootstrap.cluster.x-k8s.io/v1beta2"


def fake_pki(request: Json) -> Json:
    if request["op"] == "inspect":
        return {"notAfter": "2027-01-01T00:00:00Z"}
    key = PEM.format("PRIVATE KEY", "a2V5")
    if request["op"] == "key":
        return {"key": key, "publicKey": PEM.format("PUBLIC KEY", "cHVi")}
    return {"certificate": PEM.format("CERTIFICATE", "Y2VydA=="), "key": key}


def secret(name: str, **values: str) -> Json:
    return {"apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": name, "namespace": "default"},
            "data": {key.replace("_", "."): base64.b64encode(value.encode()).decode()
                     for key, value in values.items()}}


@pytest.fixture
def host() -> FakeHost:
    host = FakeHost(pki_service=fake_pki)
    host.objects.append({
        "apiVersion": "infrastructure.cluster.x-k8s.io/v1beta2", "kind": "DevMachineTemplate",
        "metadata": {"name": "c1-servers", "namespace": "default", "uid": "t1"},
        "spec": {"template": {"spec": {"backend": {"inMemory": {}}}}}})
    return host


@pytest.fixture
def plugin(host: FakeHost) -> PluginUnderTest:
    return PluginUnderTest(K3sConfig, K3sControlPlane, host=host)


@pytest.fixture
def cluster() -> Json:
    return {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "Cluster",
            "metadata": {"name": "c1", "namespace": "default", "uid": "cluster-uid"},
            "spec": {"controlPlaneEndpoint": {"host": "10.0.0.1", "port": 6443},
                     "clusterNetwork": {"pods": {"cidrBlocks": ["10.42.0.0/16"]},
                                        "services": {"cidrBlocks": ["10.43.0.0/16"]},
                                        "serviceDomain": "cluster.local"}},
            "status": {"initialization": {"infrastructureProvisioned": True}}}


def machine(name: str, control_plane: bool, version: str = "v1.34.2+k3s1") -> Json:
    labels: dict[str, str] = {"cluster.x-k8s.io/cluster-name": "c1"}
    if control_plane:
        labels["cluster.x-k8s.io/control-plane"] = ""
    return {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "Machine",
            "metadata": {"name": name, "namespace": "default", "uid": f"uid-{name}",
                         "labels": labels},
            "spec": {"clusterName": "c1", "version": version, "bootstrap": {}}}


def config(name: str, **spec: Any) -> Json:
    return {"apiVersion": BOOTSTRAP, "kind": "K3sConfig",
            "metadata": {"name": name, "namespace": "default", "uid": f"config-{name}",
                         "labels": {"cluster.x-k8s.io/cluster-name": "c1"}},
            "spec": spec}


@pytest.fixture
def certificates(host: FakeHost) -> None:
    for purpose in ("ca", "etcd", "proxy", "sa"):
        host.objects.append(secret(f"c1-{purpose}", tls_crt=PEM.format("CERTIFICATE", purpose),
                                   tls_key=PEM.format("PRIVATE KEY", purpose)))
    host.objects.append(secret("c1-token", value="the-password"))
