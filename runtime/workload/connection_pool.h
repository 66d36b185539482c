// Requests to one cluster's API server over a few kept connections, by cpp-httplib.
//
// Thread safety: all members from any thread; send() blocks.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/workload/cluster_access.h"
#include "runtime/workload/workload.h"

namespace capstan {

struct PoolOptions {
  size_t most_connections = 4;
  Duration keep_idle = std::chrono::seconds(30);
  size_t largest_body = 64 << 20;  // bytes
};

// The error of a request that was interrupted.
Error interrupted();

class ConnectionPool {
 public:
  // `interrupted`: see WorkloadClusters::set_interrupted. Lifetime: `clock` outlives the pool.
  ConnectionPool(ClusterAccessPtr access, const PoolOptions& options, Clock& clock,
                 std::shared_ptr<const std::atomic<bool>> interrupted =
                     std::make_shared<std::atomic<bool>>(false));
  ~ConnectionPool();

  const ClusterAccessPtr& access() const { return access_; }

  // Waits for a free connection, sends and waits for the whole answer; all within the request's
  // timeout. A GET whose kept connection turns out to be closed is sent again on a new one.
  // Errors: kUnavailable where the server was not reached, kCancelled where it was interrupted,
  // kDeadlineExceeded where the server did not answer in time, kResourceExhausted where all
  // connections stay busy or the answer is too large.
  Result<WorkloadResponse> send(const WorkloadRequest& request);

  // Closes what has been idle for too long and breaks off what is interrupted or past its deadline
  // (the library's own timeouts are per read, which a server could stretch for ever). Called now
  // and then.
  void tidy();

 private:
  struct Connection;
  using ConnectionPtr = std::unique_ptr<Connection>;

  Result<ConnectionPtr> acquire(MonotonicTime deadline);
  void release(ConnectionPtr connection);
  Result<ConnectionPtr> connect() const;
  Result<WorkloadResponse> exchange(Connection& connection, const WorkloadRequest& request) const;
  Error failed(Connection& connection, int error) const;

  const ClusterAccessPtr access_;
  const std::shared_ptr<const std::atomic<bool>> interrupted_;
  const PoolOptions options_;
  Clock& clock_;

  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<ConnectionPtr> idle_;  // the last used at the end
  std::vector<Connection*> busy_;
  size_t taken_ = 0;  // busy, or being made
};

}  // namespace capstan
