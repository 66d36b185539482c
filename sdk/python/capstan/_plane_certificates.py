"""The authorities of a cluster and the kubeconfig of its administrator, as Secrets."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from capstan._plane import PlaneContext
from capstan.errors import FailedPrecondition, Unavailable
from capstan.host import Host
from capstan.objects import KubeObject
from capstan.reconcile import ObjectName

CA_DAYS = 3650
KUBECONFIG_DAYS = 365
RENEW_BEFORE = 182 * 24 * 3600.0  # seconds

KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters:
- name: {cluster}
  cluster:
    server: https://{endpoint}
    certificate-authority-data: {ca}
users:
- name: {cluster}-admin
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
contexts:
- name: {cluster}-admin@{cluster}
  context:
    cluster: {cluster}
    user: {cluster}-admin
current-context: {cluster}-admin@{cluster}
preferences: {{}}
"""


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def decoded(secret: KubeObject, key: str) -> str:
    return base64.b64decode(secret.get(f"data/{key}", "")).decode()


def pair(plane: PlaneContext, purpose: str) -> tuple[str, str] | None:
    """(certificate, key) in PEM, None while the Secret is not there."""
    secret = plane.secret(purpose)
    if secret is None:
        return None
    return decoded(secret, "tls.crt"), decoded(secret, "tls.key")


def _new_pair(host: Host, purpose: str) -> Mapping[str, str]:
    if purpose == "sa":  # not a certificate: the pair that signs service account tokens
        key = host.pki.run("key", algorithm="ECDSA-P256")
        return {"tls.crt": key["publicKey"], "tls.key": key["key"]}
    ca = host.pki.run("ca", algorithm="ECDSA-P256", commonName="kubernetes", days=CA_DAYS)
    return {"tls.crt": ca["certificate"], "tls.key": ca["key"]}


def ensure(plane: PlaneContext, purposes: Sequence[str]) -> bool:
    """Makes the pairs that are missing. True where all are stored."""
    complete = True
    for purpose in purposes:
        if plane.secret(purpose) is not None:
            continue
        complete = False
        if plane.initialized:
            name = f"{plane.cluster_name}-{purpose}"
            error = FailedPrecondition(
                f'Secret "{name}" is gone though the control plane is initialized',
                detail="Restore it from a backup, since the cluster trusts only what it held.")
            plane.reply.condition("CertificatesAvailable", False, "CertificatesMissing", error.text)
            raise error
        plane.create_secret(purpose, _new_pair(plane.host, purpose))
    plane.reply.condition("CertificatesAvailable", complete,
                          "Available" if complete else "Creating")
    return complete


def ensure_kubeconfig(plane: PlaneContext) -> None:
    present = plane.secret("kubeconfig")
    if present is not None and not _needs_renewal(plane, present):
        return
    ca = pair(plane, "ca")
    if ca is None:
        raise Unavailable(f'Secret "{plane.cluster_name}-ca" does not exist yet')
    client = plane.host.pki.run(
        "issue", caCertificate=ca[0], caKey=ca[1], algorithm="ECDSA-P256",
        commonName="kubernetes-admin", organizations=["system:masters"], usages=["client"],
        days=KUBECONFIG_DAYS)
    text = KUBECONFIG.format(
        cluster=plane.cluster_name, endpoint=plane.endpoint, ca=encoded(ca[0]),
        certificate=encoded(client["certificate"]), key=encoded(client["key"]))
    secret = plane.secret_object("kubeconfig", {"value": text})
    if present is None:
        plane.reply.create(secret)
    else:
        plane.reply.patch_other(ObjectName.of(present), {"data": secret["data"]})


def _needs_renewal(plane: PlaneContext, secret: KubeObject) -> bool:
    """A user's own kubeconfig is left alone."""
    if not secret.is_owned_by(plane.uid):
        return False
    certificate = re.search(r"client-certificate-data: (\S+)", decoded(secret, "value"))
    if certificate is None:
        return False
    inspected = plane.host.pki.run(
        "inspect", certificate=base64.b64decode(certificate.group(1)).decode())
    end = datetime.fromisoformat(inspected["notAfter"]).timestamp()
    return end - plane.host.clock.unix() < RENEW_BEFORE
