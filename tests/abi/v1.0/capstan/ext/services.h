/* The host's services. Each is fetched with host->get_extension(host->ctx, ID) and may be absent:
 * a plugin says in its manifest's `needs` what it cannot work without. All are [any].
 * The first argument of every function is the host's ctx.
 */
#ifndef CAPSTAN_EXT_SERVICES_H
#define CAPSTAN_EXT_SERVICES_H

#include "../abi.h"

/* Log lines, tagged with the plugin's name. `fields` is a JSON object or empty. */
#define CAPSTAN_EXT_LOG "capstan.log/1"
enum {
  CAPSTAN_LOG_DEBUG = 1,
  CAPSTAN_LOG_INFO = 2,
  CAPSTAN_LOG_WARNING = 3,
  CAPSTAN_LOG_ERROR = 4
};
typedef struct capstan_log {
  uint32_t struct_size;
  void (*write)(void* ctx, int32_t level, capstan_str message, capstan_str fields);
} capstan_log;

/* Time; a simulation stands behind it in tests. */
#define CAPSTAN_EXT_CLOCK "capstan.clock/1"
typedef struct capstan_clock {
  uint32_t struct_size;
  int64_t (*unix_nanos)(void* ctx);
  int64_t (*monotonic_nanos)(void* ctx);
} capstan_clock;

/* Counters, gauges and histograms under capstan_plugin_<plugin>_<name>. `labels` is a JSON object
 * of strings or empty. A handle is valid until deactivate; 0 is none. */
#define CAPSTAN_EXT_METRICS "capstan.metrics/1"
enum { CAPSTAN_METRIC_COUNTER = 1, CAPSTAN_METRIC_GAUGE = 2, CAPSTAN_METRIC_HISTOGRAM = 3 };
typedef struct capstan_metrics {
  uint32_t struct_size;
  uint32_t (*define)(void* ctx, int32_t type, capstan_str name, capstan_str help,
                     capstan_str labels);
  void (*record)(void* ctx, uint32_t handle, double value); /* add, set or observe */
} capstan_metrics;

/* A secret that the manifest's needs.secrets names and the config maps to a value. Its bytes are
 * wiped from the host's buffers after the write. */
#define CAPSTAN_EXT_SECRETS "capstan.secrets/1"
typedef struct capstan_secrets {
  uint32_t struct_size;
  capstan_status (*get)(void* ctx, capstan_str name, const capstan_sink* value);
} capstan_secrets;

/* Stored objects of the kinds in the manifest's needs.objects, from the host's cache.
 * list: `query` is {"apiVersion","kind","namespace","labels":{..},"owner":uid}; the reply is a JSON
 * array. get: NOT_FOUND where absent. */
#define CAPSTAN_EXT_OBJECTS "capstan.objects/1"
typedef struct capstan_objects {
  uint32_t struct_size;
  capstan_status (*get)(void* ctx, capstan_str api_version, capstan_str kind, capstan_str ns,
                        capstan_str name, const capstan_sink* object);
  capstan_status (*list)(void* ctx, capstan_str query, const capstan_sink* objects);
} capstan_objects;

/* An event on an object (a reconcile call has `events` in its reply; this is for other times). */
#define CAPSTAN_EXT_EVENTS "capstan.events/1"
typedef struct capstan_events {
  uint32_t struct_size;
  void (*record)(
      void* ctx,
      capstan_str event); /* {regarding:{apiVersion,kind,namespace,name,uid},type,reason,message} */
} capstan_events;

/* Asks for a reconcile of an object of the plugin's, from one of its own threads. */
#define CAPSTAN_EXT_WAKE "capstan.wake/1"
typedef struct capstan_wake {
  uint32_t struct_size;
  void (*wake)(void* ctx, capstan_str api_version, capstan_str kind, capstan_str ns,
               capstan_str name);
} capstan_wake;

/* Requests to a workload cluster by the name of its Cluster; needs.workload: true in the manifest.
 * request: {"method","path","contentType","body","timeoutMs"}; reply: {"status":200,"body":"..."}.
 * pod_request has also {"podNamespace","pod","port","serverName","ca","certificate","key"} (PEM):
 * an HTTPS request to a port of a pod through the cluster's API server. nodes: JSON array of the
 * cluster's Nodes from a kept watch. UNAVAILABLE where the cluster does not answer,
 * FAILED_PRECONDITION where it has no kubeconfig yet. */
#define CAPSTAN_EXT_WORKLOAD "capstan.workload/1"
typedef struct capstan_workload {
  uint32_t struct_size;
  capstan_status (*request)(void* ctx, capstan_str ns, capstan_str cluster, capstan_str request,
                            const capstan_sink* reply, const capstan_diagnostics* diagnostics);
  capstan_status (*pod_request)(void* ctx, capstan_str ns, capstan_str cluster, capstan_str request,
                                const capstan_sink* reply, const capstan_diagnostics* diagnostics);
  capstan_status (*nodes)(void* ctx, capstan_str ns, capstan_str cluster, const capstan_sink* reply,
                          const capstan_diagnostics* diagnostics);
} capstan_workload;

/* Keys and certificates. request and reply are JSON:
 *   {"op":"key","algorithm":"ECDSA-P256"}                    -> {"key":PEM,"publicKey":PEM}
 *   {"op":"ca","algorithm",...,"commonName","days"}          -> {"certificate":PEM,"key":PEM}
 *   {"op":"issue","caCertificate","caKey","algorithm","commonName","organizations":[],"dnsNames":[],
 *    "ipAddresses":[],"usages":["client","server"],"days"}   -> {"certificate":PEM,"key":PEM}
 *   {"op":"inspect","certificate"}  -> {"notBefore","notAfter","commonName","publicKeySha256"}
 * Algorithms: ECDSA-P256 (the default), ECDSA-P384, RSA-2048, RSA-3072, RSA-4096. */
#define CAPSTAN_EXT_PKI "capstan.pki/1"
typedef struct capstan_pki {
  uint32_t struct_size;
  capstan_status (*run)(void* ctx, capstan_str request, const capstan_sink* reply,
                        const capstan_diagnostics* diagnostics);
} capstan_pki;

#endif /* CAPSTAN_EXT_SERVICES_H */
