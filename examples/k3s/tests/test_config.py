"""What a K3sConfig makes of its machine."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import]

from capstan import Code, Json
from capstan.testing import FakeHost, PluginUnderTest, ReconciledObject
from conftest import PEM, config, machine, secret


def initialized(cluster: Json) -> Json:
    cluster["status"]["initialization"]["controlPlaneInitialized"] = True
    return cluster


def data_of(host: FakeHost, name: str) -> str:
    found = host.find("Secret", name)
    assert found is not None
    return base64.b64decode(found["data"]["value"]).decode()


def parsed(text: str) -> Any:
    assert text.startswith("## template: jinja\n#cloud-config\n")
    return yaml.safe_load(text)


def file_of(document: Any, path: str) -> str:
    return next(str(item["content"]) for item in document["write_files"] if item["path"] == path)


def k3s_config(document: Any) -> Any:
    return yaml.safe_load(file_of(document, "/etc/rancher/k3s/config.yaml"))


@pytest.fixture
def server(plugin: PluginUnderTest, cluster: Json, certificates: None) -> ReconciledObject:
    return plugin.object(config("c1-a", server={"tlsSANs": ["api.example.com"],
                                                "disable": ["traefik"]}),
                         cluster=cluster, owner=machine("c1-a", control_plane=True))


def test_the_first_server_initializes_a_cluster_of_its_own_authorities(
        server: ReconciledObject, host: FakeHost) -> None:
    server.run()
    assert server.object["status"]["dataSecretName"] == "c1-a"
    assert server.object["status"]["initialization"]["dataSecretCreated"] is True
    assert server.condition("Ready") == server.condition("DataSecretAvailable") == "True"
    document = parsed(data_of(host, "c1-a"))
    assert k3s_config(document) == {
        "tls-san": ["10.0.0.1", "api.example.com"], "disable-cloud-controller": True,
        "cluster-cidr": "10.42.0.0/16", "service-cidr": "10.43.0.0/16",
        "cluster-domain": "cluster.local", "disable": ["traefik"],
        "cluster-init": True, "token": "the-password"}
    tls = "/var/lib/rancher/k3s/server/tls"
    assert file_of(document, f"{tls}/server-ca.crt") == PEM.format("CERTIFICATE", "ca")
    assert file_of(document, f"{tls}/etcd/peer-ca.key") == PEM.format("PRIVATE KEY", "etcd")
    assert document["runcmd"] == [
        "curl -sfL --retry 5 --retry-all-errors --retry-delay 5 -o /run/k3s-install.sh "
        "https://get.k3s.io && INSTALL_K3S_VERSION=v1.34.2+k3s1 INSTALL_K3S_EXEC=server "
        "sh /run/k3s-install.sh && mkdir -p /run/cluster-api && "
        "echo success > /run/cluster-api/bootstrap-success.complete"]


def test_the_secret_is_owned_labelled_and_of_cluster_apis_type(
        server: ReconciledObject, host: FakeHost) -> None:
    server.run()
    found = host.find("Secret", "c1-a")
    assert found is not None
    assert found["type"] == "cluster.x-k8s.io/secret"
    assert found["metadata"]["labels"] == {"cluster.x-k8s.io/cluster-name": "c1"}
    assert found["metadata"]["ownerReferences"][0]["kind"] == "K3sConfig"
    assert base64.b64decode(found["data"]["format"]) == b"cloud-config"


def test_an_agent_joins_with_a_token_that_pins_the_authority(
        plugin: PluginUnderTest, cluster: Json, certificates: None, host: FakeHost) -> None:
    agent = plugin.object(
        config("c1-w", node={"name": "{{ ds.meta_data.local_hostname }}", "labels": {"pool": "a"},
                             "taints": ["gpu=yes:NoSchedule"], "kubeletArgs": ["max-pods=50"],
                             "providerID": "openstack:///{{ ds.meta_data.uuid }}"}),
        cluster=initialized(cluster), owner=machine("c1-w", control_plane=False))
    agent.run()
    document = parsed(data_of(host, "c1-w"))
    pin = hashlib.sha256(PEM.format("CERTIFICATE", "ca").encode()).hexdigest()
    assert k3s_config(document) == {
        "node-name": "{{ ds.meta_data.local_hostname }}", "node-taint": ["gpu=yes:NoSchedule"],
        "kubelet-arg": ["max-pods=50", "provider-id=openstack:///{{ ds.meta_data.uuid }}"],
        "node-label": ["pool=a"],
        "server": "https://10.0.0.1:6443", "token": f"K10{pin}::server:the-password"}
    assert "INSTALL_K3S_EXEC=agent" in document["runcmd"][0]
    assert [item["path"] for item in document["write_files"]] == ["/etc/rancher/k3s/config.yaml"]


def test_a_further_server_joins(plugin: PluginUnderTest, cluster: Json, certificates: None,
                                host: FakeHost) -> None:
    joining = plugin.object(config("c1-b"), cluster=initialized(cluster),
                            owner=machine("c1-b", control_plane=True))
    joining.run()
    made = k3s_config(parsed(data_of(host, "c1-b")))
    assert made["server"] == "https://10.0.0.1:6443"
    assert "cluster-init" not in made


def test_files_and_commands_of_the_user_are_kept_in_their_order(
        plugin: PluginUnderTest, cluster: Json, certificates: None, host: FakeHost) -> None:
    host.objects.append(secret("registry", auth="user: 'x'\npassword: \"y\"\n"))
    made = plugin.object(
        config("c1-f", preK3sCommands=["echo before"], postK3sCommands=["echo 'after'"],
               install={"skipDownload": True},
               files=[{"path": "/etc/motd", "content": "hello\n\n  indented: #1\n",
                       "permissions": "0644"},
                      {"path": "/etc/registry", "contentFrom": {
                          "secret": {"name": "registry", "key": "auth"}}}]),
        cluster=initialized(cluster), owner=machine("c1-f", control_plane=False))
    made.run()
    document = parsed(data_of(host, "c1-f"))
    assert file_of(document, "/etc/motd") == "hello\n\n  indented: #1\n"
    assert file_of(document, "/etc/registry") == "user: 'x'\npassword: \"y\"\n"
    assert document["runcmd"][0] == "echo before"
    assert document["runcmd"][1].startswith("INSTALL_K3S_SKIP_DOWNLOAD=true")
    assert document["runcmd"][2] == "echo 'after'"


def test_the_data_is_made_once(server: ReconciledObject, host: FakeHost) -> None:
    server.run()
    before = data_of(host, "c1-a")
    server.object["spec"]["preK3sCommands"] = ["echo changed"]
    server.run()
    assert data_of(host, "c1-a") == before


@pytest.mark.parametrize("missing, reason", [
    ("c1-ca", "WaitingForCertificates"), ("c1-token", "WaitingForToken")])
def test_it_waits_for_what_the_control_plane_makes(
        server: ReconciledObject, host: FakeHost, missing: str, reason: str) -> None:
    host.objects = [item for item in host.objects if item["metadata"]["name"] != missing]
    outcome = server.run()
    assert server.reason("Ready") == reason
    assert missing in server.message("Ready")
    assert outcome.reply["requeueAfterMs"] == 5000


def test_a_worker_waits_for_the_control_plane(plugin: PluginUnderTest, cluster: Json,
                                              certificates: None) -> None:
    agent = plugin.object(config("c1-w"), cluster=cluster,
                          owner=machine("c1-w", control_plane=False))
    agent.run()
    assert agent.reason("Ready") == "WaitingForControlPlaneInitialized"


def test_a_version_that_is_not_k3ss_is_refused(plugin: PluginUnderTest, cluster: Json,
                                               certificates: None) -> None:
    made = plugin.object(config("c1-a"), cluster=cluster,
                         owner=machine("c1-a", control_plane=True, version="v1.34.2"))
    outcome = made.step()
    assert outcome.status == Code.INVALID
    assert made.reason("Ready") == "InvalidVersion"
    assert "v1.34.2+k3s1" in made.message("Ready")


def test_a_file_of_a_secret_without_the_key_names_the_field(
        plugin: PluginUnderTest, cluster: Json, certificates: None) -> None:
    made = plugin.object(
        config("c1-a", files=[{"path": "/x", "contentFrom": {
            "secret": {"name": "absent", "key": "k"}}}]),
        cluster=cluster, owner=machine("c1-a", control_plane=True))
    outcome = made.step()
    assert outcome.status == Code.FAILED_PRECONDITION
    assert outcome.diagnostics[0][3] == "/spec/files/0/contentFrom/secret"


@pytest.mark.skipif(shutil.which("cloud-init") is None, reason="needs cloud-init")
@pytest.mark.parametrize("control_plane", [True, False])
def test_cloud_init_finds_nothing_wrong(
        plugin: PluginUnderTest, cluster: Json, certificates: None, host: FakeHost,
        tmp_path: Path, control_plane: bool) -> None:
    made = plugin.object(
        config("c1-s", preK3sCommands=["echo 'a: b'"], files=[
            {"path": "/etc/motd", "content": "hello\nyou\n", "owner": "root:root",
             "permissions": "0644", "append": True},
            {"path": "/etc/blob", "content": "aGk=", "encoding": "base64"}]),
        cluster=initialized(cluster), owner=machine("c1-s", control_plane))
    made.run()
    # Behind the jinja header cloud-init would look for a running instance's data.
    path = tmp_path / "user-data"
    path.write_text(data_of(host, "c1-s").removeprefix("## template: jinja\n"))
    done = subprocess.run(["cloud-init", "schema", "--config-file", str(path)],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Valid" in done.stdout
