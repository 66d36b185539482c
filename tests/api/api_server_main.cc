// The API server alone, for tests: objects in memory, no controllers but what the API itself does.
//
//   capstan_api_test_server DATA_DIR [PORT]
//
// Writes DATA_DIR/admin.kubeconfig and says "listening on URL" when it serves; ends on SIGTERM.

#include <pthread.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>

#include "api_test_kinds.h"
#include "runtime/api/api_server.h"
#include "runtime/api/server_identity.h"
#include "runtime/resource/resource_service.h"

namespace capstan {
namespace {

Result<void> serve(const std::string& folder, uint16_t port, const sigset_t& signals) {
  SystemClock clock;
  SystemRandom random;
  const auto store = make_memory_store();
  const auto cache = TRY(make_watch_cache(*store));
  KindRegistry kinds;
  const auto service = make_resource_service({*store, *cache, kinds, clock, random, {}, {}, {}});
  const std::vector<Json> builtin = TRY(builtin_kind_documents());
  const std::vector<Json> bundled = TRY(parse_kind_documents(api_test_kinds_json()));
  BootOptions boot;
  boot.builtin_kinds = builtin;
  boot.bundled_crds = bundled;
  TRY(boot_resources(*service, boot));

  const ServerIdentity identity = TRY(load_server_identity(folder, {}, clock));
  ApiServerOptions options;
  options.listen.port = port;
  options.listen.tls = identity.tls();
  options.api.nonce = random.uuid();
  options.api.authenticator = TRY(Authenticator::from_token_file(
      "admin-token,admin,1,system:masters\nviewer-token,viewer,2,\n"));
  EventLoop loop;
  const auto server = TRY(ApiServer::create(loop, *service, std::move(options)));
  TRY(write_admin_kubeconfig(identity, server->url()));
  std::printf("listening on %s\n", server->url().c_str());
  std::fflush(stdout);
  int received = 0;
  sigwait(&signals, &received);
  server->close();
  return {};
}

}  // namespace
}  // namespace capstan

int main(int argc, char** argv) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  const uint16_t port = argc > 2 ? static_cast<uint16_t>(std::atoi(argv[2])) : 0;
  const auto served = capstan::serve(argc > 1 ? argv[1] : ".", port, signals);
  if (served.ok()) return 0;
  std::fprintf(stderr, "%s\n", served.error().message.c_str());
  return 1;
}
