/* The Capstan plugin ABI, version 1: plain C11, no other header of Capstan's needed.
 *
 * Conventions. The numbers are cited by the conformance kit and by diagnostics.
 *  1. A plugin is a shared library that exports one function, capstan_plugin_entry, and nothing
 * else.
 *  2. Within a major version nothing changes meaning and tables grow only at their end. Every table
 *     starts with its own size; a member may be used where CAPSTAN_HAS(table, member) holds.
 *  3. Everything optional is an extension: a table fetched by the id "capstan.NAME/REVISION", from
 *     the host by the plugin and from the plugin by the host. An unknown id gives NULL. Drafts are
 *     "capstan.draft.NAME/N" and may change.
 *  4. Arguments are borrowed: they are valid until the call returns, and nobody frees them.
 *  5. Results are written into a sink or reported through a callback that the caller passed. No
 *     memory is freed by the side that did not allocate it.
 *  6. Handles (instances) are destroyed by the side that made them, through their own table.
 *  7. Text is UTF-8 with a length and no terminating zero. JSON is RFC 8259.
 *  8. No exception and no longjmp crosses the boundary. What fails gives a status; what a person
 *     should know goes into diagnostics.
 *  9. Threads: [control] calls are made one at a time for a plugin; [work] calls are made from many
 *     threads, but never two for the same object at a time; [any] may be called at any time from
 * any thread between create and destroy.
 * 10. A [work] call returns within its deadline. Work that takes longer is done in steps, each
 * ended with a requeue; external effects are idempotent (looked up before they are made).
 * 11. Loading a library runs no work: no threads, files or sockets before activate.
 *
 * Sources of the design are named in docs/abi.md.
 */
#ifndef CAPSTAN_ABI_H
#define CAPSTAN_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CAPSTAN_ABI_MAJOR 1u
#define CAPSTAN_ABI_MINOR 0u

#define CAPSTAN_HAS(table, member)                                                             \
  ((table) != NULL &&                                                                          \
   (table)->struct_size >= offsetof(__typeof__(*(table)), member) + sizeof((table)->member) && \
   (table)->member != NULL)

#define CAPSTAN_EXPORT __attribute__((visibility("default")))

/* ---- values ------------------------------------------------------------------------------- */

typedef struct capstan_str {
  const char* data;
  uint64_t size;
} capstan_str;

/* gRPC's numbers, frozen. */
typedef int32_t capstan_status;
enum {
  CAPSTAN_OK = 0,
  CAPSTAN_CANCELLED = 1,
  CAPSTAN_UNKNOWN = 2,
  CAPSTAN_INVALID = 3,
  CAPSTAN_DEADLINE_EXCEEDED = 4,
  CAPSTAN_NOT_FOUND = 5,
  CAPSTAN_ALREADY_EXISTS = 6,
  CAPSTAN_PERMISSION_DENIED = 7,
  CAPSTAN_RESOURCE_EXHAUSTED = 8,
  CAPSTAN_FAILED_PRECONDITION = 9,
  CAPSTAN_CONFLICT = 10,
  CAPSTAN_EXPIRED = 11,
  CAPSTAN_UNIMPLEMENTED = 12,
  CAPSTAN_INTERNAL = 13,
  CAPSTAN_UNAVAILABLE = 14,
  CAPSTAN_DATA_LOSS = 15,
  CAPSTAN_UNAUTHENTICATED = 16
};

/* Where results are written; may be called several times, the pieces are joined. [during the call]
 */
typedef struct capstan_sink {
  uint32_t struct_size;
  void* ctx;
  void (*write)(void* ctx, capstan_str bytes);
} capstan_sink;

enum { CAPSTAN_SEVERITY_ERROR = 1, CAPSTAN_SEVERITY_WARNING = 2 };

/* What a person should know of a call. */
typedef struct capstan_diagnostic {
  uint32_t struct_size;
  int32_t severity;
  capstan_str summary;    /* one line: what happened, to what */
  capstan_str detail;     /* what was expected and what to do; may be empty */
  capstan_str field;      /* JSON pointer into the object, "" where none applies */
  int64_t retry_after_ms; /* < 0: not said */
  int32_t terminal;       /* 1: no retry helps until the object is changed */
} capstan_diagnostic;

typedef struct capstan_diagnostics {
  uint32_t struct_size;
  void* ctx;
  void (*add)(void* ctx, const capstan_diagnostic* diagnostic);
} capstan_diagnostics;

/* What comes with every [work] call. */
typedef struct capstan_call {
  uint32_t struct_size;
  uint32_t attempt;            /* failures in a row for this object, 0 for none */
  int64_t deadline_ns;         /* on the host's monotonic clock (CLOCK_MONOTONIC) */
  capstan_str idempotency_key; /* the object's uid */
  capstan_str trace_id;        /* W3C trace id, may be empty */
  void* ctx;
  int32_t (*is_cancelled)(void* ctx); /* 1: give up and return CAPSTAN_CANCELLED */
  const capstan_diagnostics* diagnostics;
} capstan_call;

/* ---- host --------------------------------------------------------------------------------- */

/* Outlives every instance made with it. */
typedef struct capstan_host {
  uint32_t struct_size;
  uint32_t abi_minor; /* negotiated: the lower of both sides */
  void* ctx;
  const void* (*get_extension)(void* ctx, const char* id); /* [any] */
} capstan_host;

/* ---- plugin ------------------------------------------------------------------------------- */

/* Static and immutable. The manifest is the same text as in the file's section. */
typedef struct capstan_descriptor {
  uint32_t struct_size;
  uint32_t abi_major;
  uint32_t abi_min_minor; /* the minors of abi_major that the plugin works with */
  uint32_t abi_max_minor;
  capstan_str id;      /* reverse DNS: "dev.capstan.docker" */
  capstan_str version; /* semantic version */
  capstan_str manifest;
} capstan_descriptor;

/* One instance. Order: create, activate, work, deactivate, destroy; activate may follow again. */
typedef struct capstan_plugin {
  uint32_t struct_size;
  void* self;
  /* [control] settings: JSON object from the host's config. */
  capstan_status (*activate)(void* self, capstan_str settings,
                             const capstan_diagnostics* diagnostics);
  /* [control] returns when no thread of the plugin's is left and no call is running */
  void (*deactivate)(void* self);
  /* [control, not active] */
  void (*destroy)(void* self);
  /* [any] */
  const void* (*get_extension)(void* self, const char* id);
} capstan_plugin;

typedef struct capstan_entry {
  uint32_t struct_size;
  /* No side effects, quick. */
  const capstan_descriptor* (*describe)(void);
  /* The host is not called before activate. On success *out is set and owned by the caller. */
  capstan_status (*create)(const capstan_host* host, const capstan_plugin** out,
                           const capstan_diagnostics* diagnostics);
} capstan_entry;

/* The only exported symbol. NULL where the plugin does not serve this major version. */
CAPSTAN_EXPORT const capstan_entry* capstan_plugin_entry(uint32_t host_abi_major);
#define CAPSTAN_ENTRY_SYMBOL "capstan_plugin_entry"

/* The manifest stands in this section of the file and is read without loading it. */
#define CAPSTAN_MANIFEST_SECTION ".capstan.manifest"

#ifdef __cplusplus
}
#endif

#endif /* CAPSTAN_ABI_H */
