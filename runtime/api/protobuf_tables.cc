#include "runtime/api/protobuf_tables.h"

namespace capstan {
namespace {

using enum ProtobufType;

constexpr ProtobufMember string(uint32_t number, const char* name) {
  return {number, name, kString, false, nullptr};
}
constexpr ProtobufMember strings(uint32_t number, const char* name) {
  return {number, name, kString, true, nullptr};
}
constexpr ProtobufMember scalar(uint32_t number, const char* name, ProtobufType type) {
  return {number, name, type, false, nullptr};
}
constexpr ProtobufMember one(uint32_t number, const char* name, const ProtobufMessage& message) {
  return {number, name, kMessage, false, &message};
}
constexpr ProtobufMember many(uint32_t number, const char* name, const ProtobufMessage& message) {
  return {number, name, kMessage, true, &message};
}

#define CAPSTAN_MESSAGE(name, ...)                          \
  constexpr ProtobufMember name##Members[] = {__VA_ARGS__}; \
  constexpr ProtobufMessage name = {name##Members}

CAPSTAN_MESSAGE(kOwnerReference, string(1, "kind"), string(3, "name"), string(4, "uid"),
                string(5, "apiVersion"), scalar(6, "controller", kBool),
                scalar(7, "blockOwnerDeletion", kBool));
CAPSTAN_MESSAGE(kManagedFieldsEntry, string(1, "manager"), string(2, "operation"),
                string(3, "apiVersion"), scalar(4, "time", kTime), string(6, "fieldsType"),
                scalar(7, "fieldsV1", kRawJson), string(8, "subresource"));
CAPSTAN_MESSAGE(kObjectMeta, string(1, "name"), string(2, "generateName"), string(3, "namespace"),
                string(4, "selfLink"), string(5, "uid"), string(6, "resourceVersion"),
                scalar(7, "generation", kInt), scalar(8, "creationTimestamp", kTime),
                scalar(9, "deletionTimestamp", kTime),
                scalar(10, "deletionGracePeriodSeconds", kIntOrNil),
                scalar(11, "labels", kStringMap), scalar(12, "annotations", kStringMap),
                many(13, "ownerReferences", kOwnerReference), strings(14, "finalizers"),
                many(17, "managedFields", kManagedFieldsEntry));
CAPSTAN_MESSAGE(kObjectReference, string(1, "kind"), string(2, "namespace"), string(3, "name"),
                string(4, "uid"), string(5, "apiVersion"), string(6, "resourceVersion"),
                string(7, "fieldPath"));

CAPSTAN_MESSAGE(kNamespaceSpec, strings(1, "finalizers"));
CAPSTAN_MESSAGE(kNamespaceStatus, string(1, "phase"));
CAPSTAN_MESSAGE(kNamespace, one(1, "metadata", kObjectMeta), one(2, "spec", kNamespaceSpec),
                one(3, "status", kNamespaceStatus));
CAPSTAN_MESSAGE(kConfigMap, one(1, "metadata", kObjectMeta), scalar(2, "data", kStringMap),
                scalar(3, "binaryData", kBytesMap), scalar(4, "immutable", kBool));
CAPSTAN_MESSAGE(kSecret, one(1, "metadata", kObjectMeta), scalar(2, "data", kBytesMap),
                string(3, "type"), scalar(4, "stringData", kStringMap),
                scalar(5, "immutable", kBool));
CAPSTAN_MESSAGE(kLocalObjectReference, string(1, "name"));
CAPSTAN_MESSAGE(kServiceAccount, one(1, "metadata", kObjectMeta),
                many(2, "secrets", kObjectReference),
                many(3, "imagePullSecrets", kLocalObjectReference),
                scalar(4, "automountServiceAccountToken", kBool));

CAPSTAN_MESSAGE(kEventSource, string(1, "component"), string(2, "host"));
CAPSTAN_MESSAGE(kEventSeries, scalar(1, "count", kInt), scalar(2, "lastObservedTime", kMicroTime));
CAPSTAN_MESSAGE(kCoreEvent, one(1, "metadata", kObjectMeta),
                one(2, "involvedObject", kObjectReference), string(3, "reason"),
                string(4, "message"), one(5, "source", kEventSource),
                scalar(6, "firstTimestamp", kTime), scalar(7, "lastTimestamp", kTime),
                scalar(8, "count", kInt), string(9, "type"), scalar(10, "eventTime", kMicroTime),
                one(11, "series", kEventSeries), string(12, "action"),
                one(13, "related", kObjectReference), string(14, "reportingComponent"),
                string(15, "reportingInstance"));
CAPSTAN_MESSAGE(kGroupEvent, one(1, "metadata", kObjectMeta), scalar(2, "eventTime", kMicroTime),
                one(3, "series", kEventSeries), string(4, "reportingController"),
                string(5, "reportingInstance"), string(6, "action"), string(7, "reason"),
                one(8, "regarding", kObjectReference), one(9, "related", kObjectReference),
                string(10, "note"), string(11, "type"), one(12, "deprecatedSource", kEventSource),
                scalar(13, "deprecatedFirstTimestamp", kTime),
                scalar(14, "deprecatedLastTimestamp", kTime), scalar(15, "deprecatedCount", kInt));

CAPSTAN_MESSAGE(kLeaseSpec, string(1, "holderIdentity"),
                scalar(2, "leaseDurationSeconds", kIntOrNil), scalar(3, "acquireTime", kMicroTime),
                scalar(4, "renewTime", kMicroTime), scalar(5, "leaseTransitions", kIntOrNil),
                string(6, "strategy"), string(7, "preferredHolder"));
CAPSTAN_MESSAGE(kLease, one(1, "metadata", kObjectMeta), one(2, "spec", kLeaseSpec));

CAPSTAN_MESSAGE(kPolicyRule, strings(1, "verbs"), strings(2, "apiGroups"), strings(3, "resources"),
                strings(4, "resourceNames"), strings(5, "nonResourceURLs"));
CAPSTAN_MESSAGE(kRole, one(1, "metadata", kObjectMeta), many(2, "rules", kPolicyRule));
CAPSTAN_MESSAGE(kSubject, string(1, "kind"), string(2, "apiGroup"), string(3, "name"),
                string(4, "namespace"));
CAPSTAN_MESSAGE(kRoleRef, string(1, "apiGroup"), string(2, "kind"), string(3, "name"));
CAPSTAN_MESSAGE(kRoleBinding, one(1, "metadata", kObjectMeta), many(2, "subjects", kSubject),
                one(3, "roleRef", kRoleRef));

CAPSTAN_MESSAGE(kPreconditions, string(1, "uid"), string(2, "resourceVersion"));
CAPSTAN_MESSAGE(kDeleteOptions, scalar(1, "gracePeriodSeconds", kIntOrNil),
                one(2, "preconditions", kPreconditions), scalar(3, "orphanDependents", kBool),
                string(4, "propagationPolicy"), strings(5, "dryRun"));

CAPSTAN_MESSAGE(kResourceAttributes, string(1, "namespace"), string(2, "verb"), string(3, "group"),
                string(4, "version"), string(5, "resource"), string(6, "subresource"),
                string(7, "name"));
CAPSTAN_MESSAGE(kNonResourceAttributes, string(1, "path"), string(2, "verb"));
CAPSTAN_MESSAGE(kAccessReviewSpec, one(1, "resourceAttributes", kResourceAttributes),
                one(2, "nonResourceAttributes", kNonResourceAttributes));
CAPSTAN_MESSAGE(kAccessReview, one(1, "metadata", kObjectMeta), one(2, "spec", kAccessReviewSpec));
CAPSTAN_MESSAGE(kRulesReviewSpec, string(1, "namespace"));
CAPSTAN_MESSAGE(kRulesReview, one(1, "metadata", kObjectMeta), one(2, "spec", kRulesReviewSpec));
CAPSTAN_MESSAGE(kSelfReview, one(1, "metadata", kObjectMeta));

#undef CAPSTAN_MESSAGE

struct Entry {
  std::string_view api_version;
  std::string_view kind;
  const ProtobufMessage* message;
};
constexpr Entry kEntries[] = {
    {"v1", "Namespace", &kNamespace},
    {"v1", "Secret", &kSecret},
    {"v1", "ConfigMap", &kConfigMap},
    {"v1", "ServiceAccount", &kServiceAccount},
    {"v1", "Event", &kCoreEvent},
    {"v1", "DeleteOptions", &kDeleteOptions},
    {"meta.k8s.io/v1", "DeleteOptions", &kDeleteOptions},
    {"events.k8s.io/v1", "Event", &kGroupEvent},
    {"coordination.k8s.io/v1", "Lease", &kLease},
    {"rbac.authorization.k8s.io/v1", "Role", &kRole},
    {"rbac.authorization.k8s.io/v1", "ClusterRole", &kRole},
    {"rbac.authorization.k8s.io/v1", "RoleBinding", &kRoleBinding},
    {"rbac.authorization.k8s.io/v1", "ClusterRoleBinding", &kRoleBinding},
    {"authorization.k8s.io/v1", "SelfSubjectAccessReview", &kAccessReview},
    {"authorization.k8s.io/v1", "SelfSubjectRulesReview", &kRulesReview},
    {"authentication.k8s.io/v1", "SelfSubjectReview", &kSelfReview},
};

}  // namespace

const ProtobufMessage* protobuf_message(std::string_view api_version, std::string_view kind) {
  for (const Entry& entry : kEntries) {
    if (entry.kind != kind) continue;
    // Options travel under the version of what they are for.
    if (entry.api_version == api_version || kind == "DeleteOptions") return entry.message;
  }
  return nullptr;
}

}  // namespace capstan
