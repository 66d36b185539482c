"""@KIND@: the cloud-config that makes a machine a node. The token that the machine joins with is
the cloud's, found by the uid of the config and revoked with it."""

from __future__ import annotations

import json

from @PACKAGE@.cloud import CloudUser
from capstan import BootstrapConfig, BootstrapContext, BootstrapData, InProgress


class @KIND@(CloudUser, BootstrapConfig):
    kind = "@KIND@"
    finalizer = "@LOWER@.@GROUP@"

    def data(self, config: BootstrapContext) -> BootstrapData | InProgress:
        if not config.endpoint:
            return InProgress("WaitingForControlPlaneEndpoint",
                              "waiting for Cluster spec.controlPlaneEndpoint")
        token = self.cloud.find("token", config.uid)
        if token is None:
            token = self.cloud.create("token", config.uid, {"name": config.name})
        if not token.ready:
            return InProgress("TokenRequested", "waiting for a token to join with", 1)
        return BootstrapData(cloud_config(config, token.id))

    def delete(self, config: BootstrapContext) -> None:
        self.cloud.delete("token", config.uid)


def cloud_config(config: BootstrapContext, token: str) -> str:
    commands = [
        *config.spec.get("preCommands", []),
        f"join-node --mode {config.role.value} --server https://{config.endpoint} "
        f"--version {config.version} --token {token}",
        # Cluster API's sign that the machine is done.
        "mkdir -p /run/cluster-api",
        "echo success > /run/cluster-api/bootstrap-success.complete"]
    # A text in JSON's quotes is one of YAML as well.
    lines = "".join(f"  - {json.dumps(command, ensure_ascii=False)}\n" for command in commands)
    return f"#cloud-config\nruncmd:\n{lines}"
