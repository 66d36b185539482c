/* A plugin that does on request what a plugin must not: the word "scenario-NAME" in a reconcile's
 * request says what. Its answer, where it can still give one, is a status patch. */
#include "zoo.h"

#include <capstan/ext/admission.h>
#include <capstan/ext/reconcile.h>
#include <capstan/ext/services.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "../abi/fixtures/fixture.h"

EMBED(
    "{\"id\":\"test.zoo\",\"name\":\"zoo\",\"version\":\"1.0.0\","
    "\"abi\":{\"major\":1,\"minMinor\":0,\"maxMinor\":0},"
    "\"reconciles\":[{\"group\":\"test.capstan.dev\",\"kind\":\"Thing\"}],"
    "\"needs\":{\"secrets\":[\"token\"],\"objects\":[{\"group\":\"\",\"kind\":\"ConfigMap\"}],"
    "\"hosts\":[\"127.0.0.1:1\"],\"paths\":[\"" ZOO_ALLOWED_PATH "\"]}}");

struct instance {
  capstan_plugin table;
  const capstan_host* host;
  int crash_at_end;
};

static int has(capstan_str text, const char* word) {
  return text.size > 0 && memmem(text.data, text.size, word, strlen(word)) != NULL;
}
static void put(const capstan_sink* sink, const char* text) {
  if (!CAPSTAN_HAS(sink, write)) return;
  sink->write(sink->ctx, (capstan_str){text, strlen(text)});
}
static capstan_status say(const capstan_sink* reply, const char* text) {
  put(reply, "{\"patch\":{\"status\":{\"seen\":\"");
  put(reply, text);
  put(reply, "\"}}}");
  return CAPSTAN_OK;
}

static void nap(void) {
  const struct timespec moment = {0, 5 * 1000 * 1000};
  nanosleep(&moment, NULL);
}

/* ---- ends ---- */

static capstan_status end_somehow(capstan_str request) {
  if (has(request, "scenario-crash")) raise(SIGSEGV);
  if (has(request, "scenario-exit")) _exit(7);
  if (has(request, "scenario-memory")) {
    for (;;) {
      char* block = malloc(1 << 20);
      if (block == NULL) abort();
      memset(block, 1, 1 << 20);
    }
  }
  if (has(request, "scenario-hang")) {
    if (has(request, "scenario-hang-deaf")) signal(SIGTERM, SIG_IGN);
    for (;;) nap();
  }
  return CAPSTAN_OK;
}

/* ---- what is said on the connections ---- */

static void send_with_descriptors(int socket, const void* bytes, size_t size, int count) {
  char control[CMSG_SPACE(64 * sizeof(int))];
  memset(control, 0, sizeof control);
  struct iovec part = {(void*)bytes, size};
  struct msghdr message = {0};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
  struct cmsghdr* item = CMSG_FIRSTHDR(&message);
  item->cmsg_level = SOL_SOCKET;
  item->cmsg_type = SCM_RIGHTS;
  item->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
  for (int i = 0; i < count; ++i) ((int*)CMSG_DATA(item))[i] = 1;
  (void)!sendmsg(socket, &message, MSG_NOSIGNAL);
}

static void misuse_connections(capstan_str request) {
  const int socket = has(request, "services") ? 4 : has(request, "direct") ? 5 : 3;
  if (has(request, "scenario-garbage")) {
    (void)!write(socket, "no frame at all, but long enough to be one", 42);
  } else if (has(request, "scenario-descriptors")) {
    for (int i = 0; i < 16; ++i) send_with_descriptors(socket, "CP", 2, 40);
  } else if (has(request, "scenario-close")) {
    shutdown(socket, SHUT_RDWR);
  } else if (has(request, "scenario-deaf")) {
    /* Calls for objects whose answers nobody takes: they fill the socket. */
    unsigned char call[36 + 4] = "CP\x01";
    call[4] = 8;
    call[12] = 69;
    for (unsigned i = 0; i < 4000000; ++i) {
      memcpy(call + 8, &i, sizeof i);
      if (send(4, call, sizeof call, MSG_NOSIGNAL) < 0) break;
    }
  }
  for (;;) nap();
}

/* ---- what it can see ---- */

static capstan_status list_descriptors(const capstan_sink* reply) {
  char seen[256] = "";
  DIR* folder = opendir("/proc/self/fd");
  if (folder == NULL) return CAPSTAN_INTERNAL;
  for (struct dirent* entry; (entry = readdir(folder)) != NULL;) {
    if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(folder)) continue;
    strncat(seen, entry->d_name, sizeof seen - strlen(seen) - 1);
    strncat(seen, " ", sizeof seen - strlen(seen) - 1);
  }
  closedir(folder);
  return say(reply, seen);
}

static capstan_status list_environment(const capstan_sink* reply) {
  char seen[512] = "";
  for (char** entry = environ; *entry != NULL; ++entry) {
    const size_t length = strcspn(*entry, "=");
    strncat(seen, *entry, length < 100 ? length : 100);
    strncat(seen, " ", sizeof seen - strlen(seen) - 1);
  }
  return say(reply, seen);
}

static capstan_status use_services(const struct instance* self, capstan_str request,
                                   const capstan_sink* reply) {
  const capstan_host* host = self->host;
  const capstan_secrets* secrets = host->get_extension(host->ctx, CAPSTAN_EXT_SECRETS);
  const capstan_log* log = host->get_extension(host->ctx, CAPSTAN_EXT_LOG);
  const capstan_events* events = host->get_extension(host->ctx, CAPSTAN_EXT_EVENTS);
  const capstan_wake* wake = host->get_extension(host->ctx, CAPSTAN_EXT_WAKE);
  const capstan_objects* objects = host->get_extension(host->ctx, CAPSTAN_EXT_OBJECTS);
  const capstan_pki* pki = host->get_extension(host->ctx, CAPSTAN_EXT_PKI);
  if (!CAPSTAN_HAS(secrets, get) || !CAPSTAN_HAS(log, write)) return CAPSTAN_FAILED_PRECONDITION;
  if (has(request, "absent")) {
    return say(reply, objects == NULL && pki == NULL ? "absent" : "present");
  }
  log->write(host->ctx, CAPSTAN_LOG_INFO, (capstan_str)STR("from the zoo"), (capstan_str){0, 0});
  if (events != NULL) {
    events->record(host->ctx,
                   (capstan_str)STR("{\"regarding\":{\"apiVersion\":\"v1\",\"kind\":\"Thing\","
                                    "\"name\":\"x\"},\"reason\":\"Seen\",\"message\":\"m\"}"));
  }
  if (wake != NULL) {
    wake->wake(host->ctx, (capstan_str)STR("test.capstan.dev/v1"), (capstan_str)STR("Thing"),
               (capstan_str)STR("ns"), (capstan_str)STR("woken"));
  }
  put(reply, "{\"patch\":{\"status\":{\"seen\":\"");
  const capstan_status status = secrets->get(host->ctx, (capstan_str)STR("token"), reply);
  put(reply, "\"}}}");
  return status;
}

/* A metric, defined at the first call and recorded at each. */
static capstan_status count(const struct instance* self, const capstan_sink* reply) {
  static _Atomic uint32_t handle = 0;
  const capstan_metrics* metrics = self->host->get_extension(self->host->ctx, CAPSTAN_EXT_METRICS);
  if (!CAPSTAN_HAS(metrics, record)) return CAPSTAN_FAILED_PRECONDITION;
  if (handle == 0) {
    handle = metrics->define(self->host->ctx, CAPSTAN_METRIC_COUNTER, (capstan_str)STR("calls"),
                             (capstan_str)STR("Calls."), (capstan_str){0, 0});
  }
  metrics->record(self->host->ctx, handle, 1);
  return say(reply, handle == 0 ? "undefined" : "counted");
}

/* ---- what goes on when the call is over ---- */

static void* print_without_end(void* unused) {
  for (;;) {
    (void)!write(1, "a line is\n", 10);
    (void)!write(2, "a line is\n", 10);
  }
  return unused;
}

static void* count_without_end(void* self) {
  const capstan_sink nobody = {0};
  for (;;) {
    (void)count(self, &nobody);
    nap();
  }
  return NULL;
}

static capstan_status begin(void* (*work)(void*), void* self, int threads,
                            const capstan_sink* reply) {
  for (int i = 0; i < threads; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, self) != 0) return CAPSTAN_INTERNAL;
    pthread_detach(thread);
  }
  return say(reply, "begun");
}

static void do_nothing(int signal) {
  (void)signal;
}

/* A handler that interrupts whatever waits, a thousand times a second. */
static capstan_status begin_timer(const capstan_sink* reply) {
  const struct itimerval often = {{0, 1000}, {0, 1000}};
  signal(SIGALRM, do_nothing);
  return setitimer(ITIMER_REAL, &often, NULL) == 0 ? say(reply, "begun") : CAPSTAN_INTERNAL;
}

static capstan_status large_reply(const capstan_sink* reply) {
  static char block[1000];
  memset(block, 'x', sizeof block);
  put(reply, "{\"patch\":{\"status\":{\"seen\":\"");
  for (int i = 0; i < 300; ++i) reply->write(reply->ctx, (capstan_str){block, sizeof block});
  put(reply, "\"}}}");
  return CAPSTAN_OK;
}

static capstan_status wait_for_cancel(const capstan_call* call) {
  while (!call->is_cancelled(call->ctx)) nap();
  return CAPSTAN_CANCELLED;
}

/* Knows that it is to give up, and asks its host first. */
static capstan_status ask_at_last(void* self, const capstan_call* call, capstan_str request,
                                  const capstan_sink* reply) {
  (void)wait_for_cancel(call);
  for (int i = 0; i < 300; ++i) nap();
  return use_services(self, request, reply);
}

/* Knows that it is to give up and has something to end first. */
static capstan_status linger(const capstan_call* call) {
  (void)wait_for_cancel(call);
  for (int i = 0; i < 100; ++i) nap();
  return CAPSTAN_CANCELLED;
}

static capstan_status reconcile(void* ctx, const capstan_call* call, capstan_str request,
                                const capstan_sink* reply) {
  char text[64];
  if (has(request, "scenario-attempt")) {
    snprintf(text, sizeof text, "%u %.*s", call->attempt, (int)call->idempotency_key.size,
             call->idempotency_key.data);
    return say(reply, text);
  }
  if (has(request, "scenario-pid")) {
    snprintf(text, sizeof text, "%d", (int)getpid());
    return say(reply, text);
  }
  if (has(request, "scenario-print")) {
    printf("printed\n");
    fflush(stdout);
    return say(reply, "printed");
  }
  if (has(request, "scenario-fork")) {
    if (fork() == 0) {
      for (;;) nap();
    }
    raise(SIGKILL);
  }
  if (has(request, "scenario-slow")) return wait_for_cancel(call);
  if (has(request, "scenario-linger")) return linger(call);
  if (has(request, "scenario-use-services")) return use_services(ctx, request, reply);
  if (has(request, "scenario-descriptors-open")) return list_descriptors(reply);
  if (has(request, "scenario-environment")) return list_environment(reply);
  if (has(request, "scenario-count-on")) return begin(count_without_end, ctx, 2, reply);
  if (has(request, "scenario-count")) return count(ctx, reply);
  if (has(request, "scenario-flood")) return begin(print_without_end, ctx, 4, reply);
  if (has(request, "scenario-timer")) return begin_timer(reply);
  if (has(request, "scenario-ask-at-last")) return ask_at_last(ctx, call, request, reply);
  if (has(request, "scenario-large")) return large_reply(reply);
  if (has(request, "scenario-try")) return say(reply, try_forbidden(request.data, request.size));
  if (has(request, "scenario-misuse")) misuse_connections(request);
  (void)end_somehow(request);
  return say(reply, "well");
}
static const capstan_reconcile kReconcile = {sizeof(capstan_reconcile), reconcile};

/* {"hang-if": FILE}: where the file is there, says so and does not come back. */
static void hang_if_told(const capstan_host* host, capstan_str settings) {
  char path[256];
  char text[512];
  snprintf(text, sizeof text, "%.*s", (int)settings.size, settings.data);
  const char* found = strstr(text, "\"hang-if\":\"");
  if (found == NULL || sscanf(found + 11, "%255[^\"]", path) != 1) return;
  if (access(path, F_OK) != 0) return;
  const capstan_wake* wake = host->get_extension(host->ctx, CAPSTAN_EXT_WAKE);
  wake->wake(host->ctx, (capstan_str)STR("test.capstan.dev/v1"), (capstan_str)STR("Thing"),
             (capstan_str)STR("ns"), (capstan_str)STR("hangs"));
  for (;;) pause();
}

static capstan_status activate(void* ctx, capstan_str settings,
                               const capstan_diagnostics* diagnostics) {
  (void)diagnostics;
  hang_if_told(((struct instance*)ctx)->host, settings);
  if (has(settings, "\"crash\"")) raise(SIGSEGV);
  ((struct instance*)ctx)->crash_at_end = has(settings, "\"crash-at-end\"");
  if (has(settings, "\"refuse-internal\"")) return CAPSTAN_INTERNAL;
  return has(settings, "\"refuse\"") ? CAPSTAN_INVALID : CAPSTAN_OK;
}
static void deactivate(void* ctx) {
  if (((struct instance*)ctx)->crash_at_end) raise(SIGSEGV);
}
static const void* get_extension(void* ctx, const char* id) {
  (void)ctx;
  return strcmp(id, CAPSTAN_EXT_RECONCILE) == 0 ? &kReconcile : NULL;
}

static const capstan_descriptor* describe(void) {
  static const capstan_descriptor descriptor = {sizeof(capstan_descriptor),
                                                1,
                                                0,
                                                0,
                                                STR("test.zoo"),
                                                STR("1.0.0"),
                                                {manifest_text, sizeof(manifest_text)}};
  return &descriptor;
}
static capstan_status create(const capstan_host* host, const capstan_plugin** out,
                             const capstan_diagnostics* diagnostics) {
  (void)diagnostics;
  struct instance* made = calloc(1, sizeof *made);
  if (made == NULL) return CAPSTAN_RESOURCE_EXHAUSTED;
  made->host = host;
  made->table =
      (capstan_plugin){sizeof(capstan_plugin), made, activate, deactivate, free, get_extension};
  *out = &made->table;
  return CAPSTAN_OK;
}

const capstan_entry* capstan_plugin_entry(uint32_t host_abi_major) {
  static const capstan_entry entry = {sizeof(capstan_entry), describe, create};
  return host_abi_major == 1 ? &entry : NULL;
}
