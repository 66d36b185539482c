"""The machines of a control plane: which are out of date, how a new one is made, which one goes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from capstan._plane import CONTROL_PLANE_NAME_LABEL, PlaneContext, PlaneMachine
from capstan.errors import Invalid, Unavailable
from capstan.objects import CLUSTER_NAME_LABEL, CONTROL_PLANE_LABEL, CORE_API, Json, KubeObject
from capstan.reconcile import ObjectName

if TYPE_CHECKING:
    from capstan.control_plane import ControlPlane

CLONED_FROM_NAME = "cluster.x-k8s.io/cloned-from-name"
CLONED_FROM_KIND = "cluster.x-k8s.io/cloned-from-groupkind"
DELETE_ANNOTATION = "cluster.x-k8s.io/delete-machine"
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def machine_name(plane: PlaneContext) -> str:
    """The same for the same machines, so that a call that is made again makes no second one."""
    seed = "/".join([plane.uid, *sorted(machine.object.uid for machine in plane.machines)])
    value = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8])
    random = ""
    for _ in range(5):
        value, digit = divmod(value, len(_ALPHABET))
        random += _ALPHABET[digit]
    return f"{plane.name[:57]}-{random}"


# ---- judging ---------------------------------------------------------------------------------


def judge(plane: PlaneContext, wanted: Json) -> None:
    for machine in plane.machines:
        machine.outdated_because = _outdated_because(plane, machine, wanted)


def _outdated_because(plane: PlaneContext, machine: PlaneMachine, wanted: Json) -> str:
    version = machine.object.get("spec/version", "")
    if version != plane.version:
        return f"Version {version}, {plane.version} required"
    infra = _infra_machine(plane, machine)
    template = plane.object.get("spec/machineTemplate/spec/infrastructureRef/name", "")
    if infra is not None and infra.annotations.get(CLONED_FROM_NAME) != template:
        return f"{infra.kind} is not up-to-date"
    if machine.config is not None and machine.config.spec != wanted:
        return f"{machine.config.kind} is not up-to-date"
    after = plane.object.get("spec/rollout/after", "")
    made = machine.object.metadata.get("creationTimestamp", "")
    if after and made < after <= plane.request.now:
        return f"{plane.object.kind} spec.rollout.after expired"
    return ""


def _infra_machine(plane: PlaneContext, machine: PlaneMachine) -> KubeObject | None:
    ref = machine.object.get("spec/infrastructureRef", {"apiGroup": "", "kind": "", "name": ""})
    return plane.host.objects.find(f"{ref['apiGroup']}/", ref["kind"], plane.namespace,
                                   ref["name"])


def coming_or_going(plane: PlaneContext) -> str:
    """What has to settle before the next step; "" where all machines are well."""
    for machine in plane.machines:
        if machine.object.deleting:
            return f"Machine {machine.name} is being deleted"
        if not machine.node:
            return f"Machine {machine.name} has no Node yet"
        if not machine.object.condition_is_true("NodeHealthy"):
            return f"the Node of Machine {machine.name} is not healthy"
    return ""


def next_to_delete(plane: PlaneContext) -> PlaneMachine:
    """Outdated ones first, then what the user asks for, then from the fullest failure domain, the
    oldest of them."""
    load: dict[str, int] = {}
    for machine in plane.machines:
        load[machine.failure_domain] = load.get(machine.failure_domain, 0) + 1

    def rank(machine: PlaneMachine) -> tuple[bool, bool, int]:
        return (not machine.outdated_because,
                DELETE_ANNOTATION not in machine.object.annotations,
                -load[machine.failure_domain])
    return min(plane.machines, key=rank)  # machines are sorted by age, and min() is stable


# ---- making ----------------------------------------------------------------------------------


def create(plane: PlaneContext, owner: ControlPlane, wanted: Json) -> None:
    """Infrastructure machine, bootstrap config and Machine, all of one name."""
    name = machine_name(plane)
    template = _infra_template(plane)
    infra = _infra_object(plane, name, template)
    metadata = _metadata(plane, name)
    plane.reply.create(infra)
    plane.reply.create({
        "apiVersion": f"{owner.bootstrap_group}/{owner.bootstrap_version}",
        "kind": owner.bootstrap_kind, "metadata": metadata, "spec": wanted})
    spec: Json = {
        "clusterName": plane.cluster_name, "version": plane.version,
        "bootstrap": {"configRef": {"apiGroup": owner.bootstrap_group,
                                    "kind": owner.bootstrap_kind, "name": name}},
        "infrastructureRef": {"apiGroup": infra["apiVersion"].partition("/")[0],
                              "kind": infra["kind"], "name": name}}
    for member in ("deletion", "taints", "readinessGates"):
        value: object = plane.object.get(f"spec/machineTemplate/spec/{member}", None)
        if value is not None:
            spec[member] = value
    domain = _next_failure_domain(plane)
    if domain:
        spec["failureDomain"] = domain
    plane.reply.create({
        "apiVersion": CORE_API, "kind": "Machine", "spec": spec,
        "metadata": {**metadata, "ownerReferences": [plane.reply.owner_reference()]}})
    plane.reply.event("SuccessfulCreate", f"Created control plane Machine {name}")


def _labels(plane: PlaneContext) -> dict[str, str]:
    extra: dict[str, str] = plane.object.get("spec/machineTemplate/metadata/labels", {})
    return {**extra, CLUSTER_NAME_LABEL: plane.cluster_name, CONTROL_PLANE_LABEL: "",
            CONTROL_PLANE_NAME_LABEL: plane.name}


def _annotations(plane: PlaneContext) -> dict[str, str]:
    return plane.object.get("spec/machineTemplate/metadata/annotations", {})


def _metadata(plane: PlaneContext, name: str) -> Json:
    """Before the Machine is there to own them, the control plane does, so that nothing is left."""
    return {"name": name, "namespace": plane.namespace, "labels": _labels(plane),
            "annotations": dict(_annotations(plane)),
            "ownerReferences": [plane.reply.owner_reference(controller=False)]}


def _infra_template(plane: PlaneContext) -> KubeObject:
    path = "spec/machineTemplate/spec/infrastructureRef"
    ref: dict[str, str] | None = plane.object.get(path, None)
    if ref is None:
        raise Invalid("spec.machineTemplate.spec.infrastructureRef is missing", field="/" + path)
    found = plane.host.objects.find(f"{ref['apiGroup']}/", ref["kind"], plane.namespace,
                                    ref["name"])
    if found is None:
        raise Unavailable(f"infrastructure template {ref['kind']} {plane.namespace}/{ref['name']} "
                          "is not there")
    return found


def _infra_object(plane: PlaneContext, name: str, template: KubeObject) -> Json:
    metadata = _metadata(plane, name)
    extra: Json = template.get("spec/template/metadata", {})
    for member in ("labels", "annotations"):
        metadata[member] = {**extra.get(member, {}), **metadata[member]}
    group = template.api_version.partition("/")[0]
    metadata["annotations"] |= {CLONED_FROM_NAME: template.name,
                                CLONED_FROM_KIND: f"{template.kind}.{group}"}
    return {"apiVersion": template.api_version, "kind": template.kind.removesuffix("Template"),
            "metadata": metadata, "spec": template.get("spec/template/spec", {})}


def _next_failure_domain(plane: PlaneContext) -> str:
    """The one with the fewest machines; "" where the cluster has none."""
    domains: list[Json] = plane.cluster.get("status/failureDomains", [])
    load = {str(domain["name"]): 0 for domain in domains if domain.get("controlPlane")}
    for machine in plane.machines:
        if machine.failure_domain in load and not machine.object.deleting:
            load[machine.failure_domain] += 1
    return min(load, key=lambda domain: load[domain]) if load else ""


def propagate(plane: PlaneContext) -> None:
    """What reaches a machine without replacing it: labels, annotations and deletion timeouts."""
    deletion: Json = plane.object.get("spec/machineTemplate/spec/deletion", {})
    for machine in plane.machines:
        item = machine.object
        if item.deleting:
            continue
        patch: Json = {}
        for member, wanted, present in (("labels", _labels(plane), item.labels),
                                        ("annotations", _annotations(plane), item.annotations)):
            missing = {key: value for key, value in wanted.items() if present.get(key) != value}
            if missing:
                patch.setdefault("metadata", {})[member] = missing
        timeouts = {key: value for key, value in deletion.items()
                    if item.get(f"spec/deletion/{key}", None) != value}
        if timeouts:
            patch["spec"] = {"deletion": timeouts}
        if patch:
            plane.reply.patch_other(ObjectName.of(item), patch)
