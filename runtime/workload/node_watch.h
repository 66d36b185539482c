// One cluster's list and watch of Nodes, as a coroutine. Internal to NodeWatches; the header pulls
// in Asio.
//
// Thread safety: run(), retry_now() and stop() on the watches' thread; the rest from any thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <mutex>
#include <optional>

#include "runtime/workload/http_reader.h"
#include "runtime/workload/node_watches.h"
#include "runtime/workload/tls_stream.h"

namespace capstan {

class NodeWatch : public std::enable_shared_from_this<NodeWatch> {
 public:
  struct Shared {
    const NodeWatchOptions& options;
    Random& random;
    SSL_CTX* context;
    std::function<void(const ClusterName&)> changed;
  };

  // Lifetime: what `shared` refers to outlives the watch.
  NodeWatch(const net::any_io_executor& executor, const Shared& shared, ClusterAccessPtr access);

  const ClusterAccessPtr& access() const { return access_; }

  // Lists, watches and tries again until stop().
  net::awaitable<void> run();
  void retry_now();
  void stop();

  // Gives whether the cluster counted as reachable before.
  bool suspect(const Error& failure);
  Result<void> reachable() const;
  Result<std::vector<NodePtr>> nodes() const;

 private:
  using Consume = std::function<Result<void>(std::string_view)>;

  net::awaitable<Result<void>> attempt();
  net::awaitable<Result<void>> serve(TlsStream& stream);
  net::awaitable<Result<void>> list(TlsStream& stream);
  net::awaitable<Result<void>> watch(TlsStream& stream);
  net::awaitable<Result<void>> get(TlsStream& stream, std::string path, Consume consume);
  net::awaitable<void> pause();

  Result<void> take_page(const std::string& body, std::string& next);
  Result<void> take_lines(std::string& lines);
  std::string request_text(const std::string& path) const;
  void note(const HttpReader& reader);
  void note_end(const Result<void>& result);

  Shared shared_;
  const ClusterAccessPtr access_;
  net::any_io_executor executor_;
  net::steady_timer pause_timer_;
  TlsStream* stream_ = nullptr;  // the open one
  bool stopped_ = false;
  bool hurry_ = false;    // the next pause is skipped
  bool reached_ = false;  // in this attempt
  int failures_ = 0;      // attempts without success in a row
  std::chrono::steady_clock::time_point failing_since_{};
  Duration retry_after_{};

  mutable std::mutex mutex_;  // of what follows; only the watches' thread changes the cache
  NodeCache cache_;
  bool synced_ = false;
  std::optional<Error> unreachable_;
  std::optional<Error> failure_;  // of the last attempt, also of one that reached the server
};

}  // namespace capstan
