"""The cloud-config that makes a machine a k3s server or agent."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from capstan import Json, Role

HEADER = "## template: jinja\n#cloud-config\n\n"
CONFIG_FILE = "/etc/rancher/k3s/config.yaml"
TLS_FOLDER = "/var/lib/rancher/k3s/server/tls"
SENTINEL = "/run/cluster-api/bootstrap-success.complete"
SCRIPT_URL = "https://get.k3s.io"
SCRIPT_IN_IMAGE = "/opt/k3s-install.sh"


@dataclass(frozen=True)
class Input:
    """What the data is made of."""

    role: Role
    version: str  # v1.34.2+k3s1
    spec: Json  # of the K3sConfig
    endpoint: str  # host:port of the API server
    token: str
    network: Json = field(default_factory=dict)  # Cluster spec.clusterNetwork
    # Purpose -> (certificate, key); for servers all, for agents the CA.
    certificates: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    files: Sequence[Json] = ()  # with their contents filled in


def cloud_config(data: Input) -> str:
    files = [*_certificate_files(data), *data.files,
             _file(CONFIG_FILE, to_yaml(k3s_config(data)), "0600")]
    sections = {"write_files": files, "runcmd": _commands(data)}
    return HEADER + to_yaml(sections)


def full_token(password: str, ca_certificate: str) -> str:
    """k3s's token that pins the CA: a machine that joins trusts no other server."""
    return f"K10{hashlib.sha256(ca_certificate.encode()).hexdigest()}::server:{password}"


def k3s_config(data: Input) -> Json:
    """k3s's config.yaml; what the user gives in server.config wins, but for how it joins."""
    node: Json = data.spec.get("node", {})
    config: Json = {}
    if data.role is not Role.WORKER:
        config |= _server_config(data)
    kubelet = list(node.get("kubeletArgs", []))
    if node.get("providerID"):
        kubelet.append(f"provider-id={node['providerID']}")
    optional = {
        "node-name": node.get("name"), "node-taint": node.get("taints"), "kubelet-arg": kubelet,
        "node-label": [f"{key}={value}" for key, value in sorted(node.get("labels", {}).items())]}
    config |= {key: value for key, value in optional.items() if value}
    if data.role is Role.INIT:
        return config | {"cluster-init": True, "token": data.token}
    ca = data.certificates["ca"][0]
    return config | {"server": f"https://{data.endpoint}", "token": full_token(data.token, ca)}


def _server_config(data: Input) -> Json:
    server: Json = data.spec.get("server", {})
    host = data.endpoint.rpartition(":")[0]
    config: Json = {
        "tls-san": [host, *(name for name in server.get("tlsSANs", []) if name != host)],
        # The Machine's provider id comes from the infrastructure, not from k3s's own controller.
        "disable-cloud-controller": True}
    network = {"cluster-cidr": ",".join(_blocks(data.network, "pods")),
               "service-cidr": ",".join(_blocks(data.network, "services")),
               "cluster-domain": data.network.get("serviceDomain", "")}
    config |= {key: value for key, value in network.items() if value}
    if server.get("disable"):
        config["disable"] = list(server["disable"])
    return config | dict(server.get("config", {}))


def _blocks(network: Json, part: str) -> list[str]:
    return list(network.get(part, {}).get("cidrBlocks", []))


def _certificate_files(data: Input) -> list[Json]:
    """The authorities where k3s looks for those that it does not make itself. One authority signs
    servers and clients, as in a kubeadm cluster."""
    if data.role is Role.WORKER:
        return []
    places = {"server-ca": "ca", "client-ca": "ca", "request-header-ca": "proxy",
              "etcd/peer-ca": "etcd", "etcd/server-ca": "etcd"}
    files = []
    for place, purpose in places.items():
        certificate, key = data.certificates[purpose]
        files.append(_file(f"{TLS_FOLDER}/{place}.crt", certificate, "0644"))
        files.append(_file(f"{TLS_FOLDER}/{place}.key", key, "0600"))
    files.append(_file(f"{TLS_FOLDER}/service.key", data.certificates["sa"][1], "0600"))
    return files


def _file(path: str, content: str, permissions: str) -> Json:
    return {"path": path, "content": content, "owner": "root:root", "permissions": permissions}


def _commands(data: Input) -> list[str]:
    done = f"mkdir -p /run/cluster-api && echo success > {SENTINEL}"
    return [*data.spec.get("preK3sCommands", []),
            f"{_install(data)} && {done}",
            *data.spec.get("postK3sCommands", [])]


def _install(data: Input) -> str:
    how: Json = data.spec.get("install", {})
    mode = "agent" if data.role is Role.WORKER else "server"
    if how.get("skipDownload"):
        return f"INSTALL_K3S_SKIP_DOWNLOAD=true INSTALL_K3S_EXEC={mode} sh {SCRIPT_IN_IMAGE}"
    url = shlex.quote(how.get("scriptURL", SCRIPT_URL))
    version = shlex.quote(data.version)
    return ("curl -sfL --retry 5 --retry-all-errors --retry-delay 5 -o /run/k3s-install.sh "
            f"{url} && INSTALL_K3S_VERSION={version} INSTALL_K3S_EXEC={mode} "
            "sh /run/k3s-install.sh")


# ---- YAML ------------------------------------------------------------------------------------


def to_yaml(value: Any, indent: int = 0) -> str:
    """Maps, lists and scalars as YAML that every reader reads alike: texts are quoted as in JSON,
    those of several lines are literal blocks."""
    space = "  " * indent
    if isinstance(value, dict):
        return "".join(f"{space}{_key(key)}:{_member(item, indent)}" for key, item in value.items())
    return "".join(f"{space}-{_item(item, indent)}" for item in value)


def _key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() else json.dumps(key)


def _member(value: Any, indent: int) -> str:
    if isinstance(value, (dict, list)) and value:
        return "\n" + to_yaml(value, indent + 1)
    return " " + _scalar(value, indent + 1)


def _item(value: Any, indent: int) -> str:
    if isinstance(value, dict) and value:
        return " " + to_yaml(value, indent + 1).lstrip()
    return _member(value, indent)


def _scalar(value: Any, indent: int) -> str:
    lines = value.split("\n") if isinstance(value, str) else []
    plain = all(line == line.rstrip() and line.isprintable() for line in lines)
    if len(lines) > 2 and lines[-1] == "" and lines[0][:1].strip() and lines[-2] and plain:
        space = "  " * indent
        return "|\n" + "".join(f"{space}{line}\n" if line else "\n" for line in lines[:-1])
    return json.dumps(value, ensure_ascii=False) + "\n"
