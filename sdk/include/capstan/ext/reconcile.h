/* capstan.reconcile/1: the plugin brings an object nearer to its spec. Offered by the plugin.
 *
 * The host calls it for every change of the object, of its relations and of what it owns, when a
 * requeue is due, and after a failure with growing delays.
 *
 * `request`, a JSON object:
 *   object     the object in its storage version, metadata and status included, but without
 *              metadata.managedFields, as all objects of a request
 *   cluster    the Cluster it belongs to (label cluster.x-k8s.io/cluster-name), or absent
 *   owner      its controller owner, else its first owner, or absent: the Machine of an
 *              infrastructure machine or bootstrap config, the Cluster of an infrastructure cluster
 *   bootstrapSecret  for role infraMachine until it is provisioned: the Secret that the Machine's
 *              spec.bootstrap.dataSecretName names, or absent
 *   relations  {"NAME": [objects]} as the manifest's `relations` asks for
 *   now        RFC 3339 time of the host
 *
 * `reply`, a JSON object written to the sink; every member may be absent:
 *   patch         merge patch of the object, status included (the host splits it); metadata may
 *                 change labels, annotations, finalizers and owner references
 *   conditions    [{type, status, reason, message}]: set in status.conditions; the host keeps
 *                 lastTransitionTime and observedGeneration
 *   create        [objects] made where they do not exist yet (apiVersion, kind, metadata.name)
 *   apply         [partial objects] made or merged by server-side apply, manager = plugin's name
 *   delete        [{apiVersion, kind, namespace, name, uid}]
 *   patches       [{apiVersion, kind, namespace, name, patch}] merge patches of other objects
 *   conditionsOf  [{apiVersion, kind, namespace, name, uid, conditions}]: conditions of other
 *                 objects, merged by type
 *   events        [{type, reason, message}]
 *   requeueAfterMs  call again after so long, whatever happens
 * The host commits the reply with the object's resourceVersion as precondition for `patch`; where
 * the object has changed meanwhile, the call is made again.
 *
 * Status: CAPSTAN_OK where the reply is to be committed, even if the object is not ready yet. Any
 * other status is a failure: the reply, if any, is still committed, the diagnostics become the
 * object's condition and an event, and the call is retried (not before retry_after_ms).
 */
#ifndef CAPSTAN_EXT_RECONCILE_H
#define CAPSTAN_EXT_RECONCILE_H

#include "../abi.h"

#define CAPSTAN_EXT_RECONCILE "capstan.reconcile/1"

typedef struct capstan_reconcile {
  uint32_t struct_size;
  /* [work] */
  capstan_status (*reconcile)(void* self, const capstan_call* call, capstan_str request,
                              const capstan_sink* reply);
} capstan_reconcile;

#endif /* CAPSTAN_EXT_RECONCILE_H */
