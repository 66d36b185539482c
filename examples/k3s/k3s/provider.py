"""k3s as a bootstrap and control plane provider: K3sConfig makes the cloud-config of a server or an
agent, K3sControlPlane keeps servers with embedded etcd."""

from __future__ import annotations

import base64
import re
import secrets

import capstan
from capstan import (
    BootstrapContext,
    BootstrapData,
    FailedPrecondition,
    InProgress,
    Invalid,
    Json,
    PlaneContext,
    Role,
)
from k3s.cloud_config import Input, cloud_config

VERSION = re.compile(r"v\d+\.\d+\.\d+(-[0-9a-z.]+)?\+k3s\d+")
SERVER_CERTIFICATES = ("ca", "etcd", "proxy", "sa")


class K3sConfig(capstan.BootstrapConfig):
    kind = "K3sConfig"

    def data(self, config: BootstrapContext) -> BootstrapData | InProgress:
        if not VERSION.fullmatch(config.version):
            raise Invalid(f'Machine spec.version "{config.version}" is no version of k3s',
                          detail="Write it like v1.34.2+k3s1.", reason="InvalidVersion")
        if not config.endpoint:
            return InProgress("WaitingForControlPlaneEndpoint",
                              "waiting for Cluster spec.controlPlaneEndpoint", 0)
        purposes = ("ca",) if config.role is Role.WORKER else SERVER_CERTIFICATES
        certificates = {}
        for purpose in purposes:
            secret = self._secret(config, f"{config.cluster.name}-{purpose}")
            if secret is None:
                return InProgress("WaitingForCertificates",
                                  f"waiting for Secret {config.cluster.name}-{purpose}")
            certificates[purpose] = (secret["tls.crt"], secret["tls.key"])
        token = self._secret(config, f"{config.cluster.name}-token")
        if token is None:
            return InProgress("WaitingForToken", f"waiting for Secret {config.cluster.name}-token")
        return BootstrapData(cloud_config(Input(
            role=config.role, version=config.version, spec=config.spec, endpoint=config.endpoint,
            token=token["value"], network=config.cluster.get("spec/clusterNetwork", {}),
            certificates=certificates, files=self._files(config))))

    def _secret(self, config: BootstrapContext, name: str) -> dict[str, str] | None:
        """The decoded values; None while it is not there."""
        found = self.host.objects.find("v1", "Secret", config.namespace, name)
        if found is None:
            return None
        data: dict[str, str] = found.get("data", {})
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def _files(self, config: BootstrapContext) -> list[Json]:
        files = []
        for index, item in enumerate(config.spec.get("files", [])):
            file = {key: value for key, value in item.items() if key != "contentFrom"}
            if source := item.get("contentFrom", {}).get("secret"):
                values = self._secret(config, source["name"]) or {}
                if source["key"] not in values:
                    raise FailedPrecondition(
                        f'Secret "{source["name"]}" has no key "{source["key"]}"',
                        field=f"/spec/files/{index}/contentFrom/secret", reason="MissingFile")
                file["content"] = values[source["key"]]
            files.append(file)
        return files


class K3sControlPlane(capstan.ControlPlane):
    """k3s takes an etcd member out itself when the Node of its machine is deleted, which the
    Machine's deletion does."""

    kind = "K3sControlPlane"
    bootstrap_kind = "K3sConfig"
    certificates = SERVER_CERTIFICATES

    def prepare(self, plane: PlaneContext) -> bool:
        """The password that machines join with."""
        if plane.secret("token") is not None:
            return True
        if plane.initialized:
            raise FailedPrecondition(
                f'Secret "{plane.cluster_name}-token" is gone though the control plane is '
                "initialized", detail="Restore it: its value is on a server in "
                                      "/var/lib/rancher/k3s/server/token.")
        plane.create_secret("token", {"value": secrets.token_hex(24)})
        return False

    def bootstrap_spec(self, plane: PlaneContext) -> Json:
        spec: Json = plane.object.get("spec/k3sConfigSpec", {})
        return spec

    def admit(self, admission: capstan.Admission) -> None:
        item = admission.object
        replicas = item.get("spec/replicas", 1)
        if not item.has("spec/replicas"):
            admission.defaults = {"spec": {"replicas": 1}}
        if replicas < 1 or replicas % 2 == 0:
            raise Invalid("spec.replicas: must be odd, since etcd needs a majority",
                          field="/spec/replicas")
        version = item.get("spec/version", "")
        if not VERSION.fullmatch(version):
            raise Invalid(f'spec.version: "{version}" is no version of k3s; write it like '
                          "v1.34.2+k3s1", field="/spec/version")
