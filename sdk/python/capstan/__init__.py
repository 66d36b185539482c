"""Write Capstan providers in Python.

A provider is a folder with a plugin.yaml (what it is, reconciles and needs), kind files, and a
module whose classes derive from one of the bases here, one class a kind. docs/writing-a-provider.md
tells the rest; `capstan.testing` is for unit tests without Capstan.
"""

from capstan.bootstrap import BootstrapConfig, BootstrapContext, Role
from capstan.control_plane import ControlPlane, PlaneContext
from capstan.errors import (
    AlreadyExists,
    Cancelled,
    Code,
    Conflict,
    DeadlineExceeded,
    Error,
    FailedPrecondition,
    InProgress,
    Internal,
    Invalid,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    Unavailable,
    Unimplemented,
)
from capstan.external import ExternalResource, Observation, ResourceContext
from capstan.host import Host, HttpAnswer, Metric, SecretString
from capstan.hosted import HostedContext, HostedControlPlane, HostedPlane
from capstan.infra import (
    BootstrapData,
    ClusterContext,
    FailureDomain,
    Infrastructure,
    InfrastructureCluster,
    InfrastructureMachine,
    Instance,
    MachineContext,
)
from capstan.objects import (
    CLUSTER_NAME_LABEL,
    CONTROL_PLANE_LABEL,
    Json,
    KubeObject,
    Metadata,
    OwnerReference,
    control_plane_initialized,
    infrastructure_provisioned,
    is_control_plane_machine,
)
from capstan.reconcile import Call, Condition, ObjectName, Reply, Request
from capstan.reconciler import Admission, Context, Reconciler

__all__ = [
    "CLUSTER_NAME_LABEL",
    "CONTROL_PLANE_LABEL",
    "Admission",
    "AlreadyExists",
    "BootstrapConfig",
    "BootstrapContext",
    "BootstrapData",
    "Call",
    "Cancelled",
    "ClusterContext",
    "Code",
    "Condition",
    "Conflict",
    "Context",
    "ControlPlane",
    "DeadlineExceeded",
    "Error",
    "ExternalResource",
    "FailedPrecondition",
    "FailureDomain",
    "Host",
    "HostedContext",
    "HostedControlPlane",
    "HostedPlane",
    "HttpAnswer",
    "InProgress",
    "Infrastructure",
    "InfrastructureCluster",
    "InfrastructureMachine",
    "Instance",
    "Internal",
    "Invalid",
    "Json",
    "KubeObject",
    "MachineContext",
    "Metadata",
    "Metric",
    "NotFound",
    "ObjectName",
    "Observation",
    "OwnerReference",
    "PermissionDenied",
    "PlaneContext",
    "Reconciler",
    "Reply",
    "Request",
    "ResourceContext",
    "ResourceExhausted",
    "Role",
    "SecretString",
    "Unavailable",
    "Unimplemented",
    "control_plane_initialized",
    "infrastructure_provisioned",
    "is_control_plane_machine",
]
