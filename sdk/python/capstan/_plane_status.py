"""Counters, versions and conditions of a control plane, as the contract asks for them."""

from __future__ import annotations

import re

from capstan._plane import PlaneContext
from capstan.objects import CLUSTER_NAME_LABEL, CONTROL_PLANE_LABEL


def write(plane: PlaneContext) -> None:
    _counters(plane)
    _versions(plane)
    reply = plane.reply
    if plane.initialized:
        reply.status("initialization/controlPlaneInitialized", True)
    reply.condition("Initialized", plane.initialized,
                    "Initialized" if plane.initialized else "NotInitialized")
    _available(plane)
    _machines(plane, "MachinesReady", "Ready")
    _machines(plane, "MachinesUpToDate", "UpToDate")
    _rolling_out(plane)
    _scaling(plane)
    left = len(plane.machines)
    if plane.object.deleting:
        reply.condition("Deleting", True, "WaitingForMachineDeletion",
                        plane.waiting_for or f"{left} Machine(s) are still there")
    else:
        reply.condition("Deleting", False, "NotDeleting")


def _counters(plane: PlaneContext) -> None:
    machines = plane.machines
    plane.reply.merge_status({
        "replicas": len(machines),
        "readyReplicas": sum(m.object.condition_is_true("Ready") for m in machines),
        "availableReplicas": sum(m.object.condition_is_true("Available") for m in machines),
        "upToDateReplicas": sum(not m.outdated_because for m in machines),
        "selector": f"{CLUSTER_NAME_LABEL}={plane.cluster_name},{CONTROL_PLANE_LABEL}"})


def version_key(version: str) -> tuple[list[int], str]:
    """Orders v1.9.0 before v1.34.2+k3s1 before v1.34.2+k3s2."""
    return [int(number) for number in re.findall(r"\d+", version)], version


def _versions(plane: PlaneContext) -> None:
    counts: dict[str, int] = {}
    for machine in plane.machines:
        version = machine.object.get("spec/version", "")
        counts[version] = counts.get(version, 0) + 1
    if counts:
        ordered = sorted(counts, key=version_key)
        plane.reply.status("version", ordered[0])
        plane.reply.status("versions", [{"version": version, "replicas": counts[version]}
                                        for version in ordered])


def _available(plane: PlaneContext) -> None:
    if plane.object.deleting:
        plane.reply.condition("Available", False, "NotAvailable",
                              "* Control plane metadata.deletionTimestamp is set")
    elif not plane.initialized:
        plane.reply.condition("Available", False, "NotAvailable",
                              "Control plane not yet initialized")
    elif any(machine.object.condition_is_true("NodeReady") for machine in plane.machines):
        plane.reply.condition("Available", True, "Available")
    else:
        plane.reply.condition("Available", False, "NotAvailable",
                              "* There are no Machines with a ready Node, at least 1 required")


def _machines(plane: PlaneContext, kind: str, of_machine: str) -> None:
    """"* Machines a, b: what" for every distinct thing that is amiss."""
    problems: dict[str, list[str]] = {}
    bad = False
    for machine in plane.machines:
        status, message = "Unknown", "not yet reported"
        if of_machine == "UpToDate":
            status = "False" if machine.outdated_because else "True"
            message = machine.outdated_because
        elif (condition := machine.object.condition(of_machine)) is not None:
            status, message = condition.get("status", "Unknown"), condition.get("message", "")
        if status != "True":
            bad = bad or status == "False"
            problems.setdefault(f"{of_machine}: {message}", []).append(machine.name)
    text = "\n".join(f"* Machine{'s' if len(names) > 1 else ''} {', '.join(names)}: {problem}"
                     for problem, names in problems.items())
    if not problems:
        plane.reply.condition(kind, True, of_machine if plane.machines else "NoReplicas")
    elif bad:
        plane.reply.condition(kind, False, f"Not{of_machine}", text)
    else:
        plane.reply.condition(kind, "Unknown", f"{of_machine}Unknown", text)


def _rolling_out(plane: PlaneContext) -> None:
    outdated = [machine for machine in plane.machines if machine.outdated_because]
    reasons = sorted({machine.outdated_because for machine in outdated})
    if not outdated:
        plane.reply.condition("RollingOut", False, "NotRollingOut")
        return
    lines = [f"Rolling out {len(outdated)} not up-to-date replicas"]
    plane.reply.condition("RollingOut", True, "RollingOut",
                          "\n".join(lines + [f"* {reason}" for reason in reasons]))


def _scaling(plane: PlaneContext) -> None:
    current, desired = len(plane.machines), plane.desired_replicas
    for kind, direction, on in (("ScalingUp", "up", current < desired),
                                ("ScalingDown", "down", current > desired)):
        message = f"Scaling {direction} from {current} to {desired} replicas"
        if plane.waiting_for:
            message += f"\n* {plane.waiting_for}"
        plane.reply.condition(kind, on, kind if on else f"Not{kind}", message if on else "")
