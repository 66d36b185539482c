#include "runtime/workload/node_watch.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "runtime/base/text.h"
#include "runtime/workload/http_status.h"

namespace capstan {
namespace {

using std::chrono::steady_clock;

constexpr size_t kReadSize = 8 * 1024;
constexpr int kPageSize = 500;
constexpr size_t kLongestRefusal = 4096;  // bytes kept of an error's body

// A continue token in a query.
std::string escaped(const std::string& token) {
  std::string text;
  for (const char c : token) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
    text += plain ? std::string(1, c) : "%" + hex_encode(std::string(1, c));
  }
  return text;
}

}  // namespace

NodeWatch::NodeWatch(const net::any_io_executor& executor, const Shared& shared,
                     ClusterAccessPtr access)
    : shared_(shared), access_(std::move(access)), executor_(executor), pause_timer_(executor) {}

net::awaitable<void> NodeWatch::run() {
  const auto self = shared_from_this();
  while (!stopped_) {
    const Result<void> result = co_await attempt();
    if (stopped_) break;
    note_end(result);
    co_await pause();
  }
}

void NodeWatch::stop() {
  stopped_ = true;
  pause_timer_.cancel();
  if (stream_ != nullptr) stream_->close();
}

void NodeWatch::retry_now() {
  hurry_ = true;
  pause_timer_.cancel();
  if (stream_ != nullptr) stream_->close();
}

// One connection, for as long as it lasts.
net::awaitable<Result<void>> NodeWatch::attempt() {
  reached_ = false;
  hurry_ = false;
  retry_after_ = {};
  TlsStream stream(executor_, shared_.context);
  stream_ = &stream;
  stream.expires_after(shared_.options.connect_timeout);
  Result<void> result = co_await stream.connect(access_->address, *access_->tls);
  if (result.ok() && !stopped_) result = co_await serve(stream);
  stream_ = nullptr;
  co_return result;
}

// A list where the cache needs one, then watches.
net::awaitable<Result<void>> NodeWatch::serve(TlsStream& stream) {
  while (!stopped_) {
    if (cache_.resource_version().empty()) {
      const Result<void> listed = co_await list(stream);
      if (!listed.ok()) co_return listed;
    }
    const auto start = steady_clock::now();
    const Result<void> watched = co_await watch(stream);
    if (watched.code() == Code::kExpired) {
      const std::lock_guard lock(mutex_);
      cache_.forget_version();
    } else if (!watched.ok()) {
      co_return watched;
    }
    // A server that ends each watch at once is not asked again without a pause; neither is one
    // that broke a watch off, whose connection cannot be used again.
    if (watched.code() == Code::kExpired ||
        steady_clock::now() - start < shared_.options.first_pause) {
      co_return Result<void>();
    }
  }
  co_return Result<void>();
}

net::awaitable<Result<void>> NodeWatch::list(TlsStream& stream) {
  std::string next;
  do {
    stream.expires_after(shared_.options.list_timeout);
    std::string path = "/api/v1/nodes?limit=" + std::to_string(kPageSize);
    if (!next.empty()) path += "&continue=" + escaped(next);
    std::string body;
    Consume consume = [&](std::string_view part) -> Result<void> {
      body += part;
      if (body.size() <= shared_.options.largest_page) return {};
      return Error::unavailable("the list of Nodes is larger than " +
                                std::to_string(shared_.options.largest_page) + " bytes");
    };
    const Result<void> answered = co_await get(stream, std::move(path), std::move(consume));
    if (answered.code() == Code::kExpired) cache_.forget_version();  // and the pages so far
    if (!answered.ok()) co_return answered;
    const Result<void> taken = take_page(body, next);
    if (!taken.ok()) co_return taken;
  } while (!next.empty());
  co_return Result<void>();
}

net::awaitable<Result<void>> NodeWatch::watch(TlsStream& stream) {
  const double seconds = std::chrono::duration<double>(shared_.options.watch_time).count() *
                         (1 + shared_.random.fraction() / 2);
  const auto time = std::chrono::seconds(std::max<int64_t>(1, static_cast<int64_t>(seconds)));
  stream.expires_after(time + shared_.options.list_timeout);
  std::string lines;
  Consume consume = [this, &lines](std::string_view part) -> Result<void> {
    lines += part;
    return take_lines(lines);
  };
  std::string path = "/api/v1/nodes?watch=true&allowWatchBookmarks=true&timeoutSeconds=" +
                     std::to_string(time.count()) +
                     "&resourceVersion=" + escaped(cache_.resource_version());
  co_return co_await get(stream, std::move(path), std::move(consume));
}

// Sends a request and gives the body of a 200 to `consume` as it comes. Errors: of the connection,
// of `consume`, and what another status means.
net::awaitable<Result<void>> NodeWatch::get(TlsStream& stream, std::string path, Consume consume) {
  const std::string request = request_text(path);
  const Result<void> sent = co_await stream.write(request);
  if (!sent.ok()) co_return sent;
  Result<void> consumed;
  std::string refusal;
  int status = 0;
  HttpReader reader([&](std::string_view part) {
    if (status != 200) {
      refusal += part.substr(0, kLongestRefusal - std::min(refusal.size(), kLongestRefusal));
    } else if (consumed.ok()) {
      consumed = consume(part);
    }
  });
  reader.on_header([&](int code) { status = code; });
  while (!reader.done()) {
    auto bytes = co_await stream.read_available(kReadSize);
    if (!bytes.ok()) co_return std::move(bytes).error();
    const Result<void> put = bytes->empty() ? reader.end() : reader.put(*bytes);
    if (!put.ok()) co_return put;
    if (reader.has_header()) note(reader);
    if (!consumed.ok()) co_return consumed;
    if (bytes->empty()) break;
  }
  if (status != 200) co_return http_status_error(status, refusal);
  co_return consumed;
}

Result<void> NodeWatch::take_page(const std::string& body, std::string& next) {
  {
    const std::lock_guard lock(mutex_);
    next = TRY(cache_.put_page(body));
    if (!next.empty()) return {};
    failure_.reset();
    if (std::exchange(synced_, true) && !cache_.list_changed()) return {};
  }
  shared_.changed(access_->cluster);
  return {};
}

Result<void> NodeWatch::take_lines(std::string& lines) {
  size_t start = 0;
  bool changed = false;
  Result<void> result;
  for (size_t end; result.ok() && (end = lines.find('\n', start)) != std::string::npos;
       start = end + 1) {
    const std::string_view line = trim(std::string_view(lines).substr(start, end - start));
    if (line.empty()) continue;
    const std::lock_guard lock(mutex_);
    Result<bool> applied = cache_.apply(line);
    if (!applied.ok()) {
      result = std::move(applied).error();
    } else {
      changed |= *applied;
    }
  }
  lines.erase(0, start);
  if (lines.empty()) lines.shrink_to_fit();  // a watch is idle most of the time
  if (lines.size() > shared_.options.largest_event) {
    result = Error::unavailable("a watch event is larger than " +
                                std::to_string(shared_.options.largest_event) + " bytes");
  }
  if (changed) shared_.changed(access_->cluster);
  return result;
}

std::string NodeWatch::request_text(const std::string& path) const {
  std::string text = "GET " + access_->address.base_path + path +
                     " HTTP/1.1\r\nHost: " + access_->address.authority() +
                     "\r\nUser-Agent: capstan\r\nAccept: application/json\r\n";
  if (!access_->token.empty()) text += "Authorization: Bearer " + access_->token + "\r\n";
  return text + "\r\n";
}

// An answer of whatever status: the cluster is reachable.
void NodeWatch::note(const HttpReader& reader) {
  if (std::exchange(reached_, true)) return;
  retry_after_ = parse_retry_after(reader.header("retry-after"));
  bool changed = false;
  {
    const std::lock_guard lock(mutex_);
    changed = std::exchange(unreachable_, std::nullopt).has_value();
    if (reader.status() == 200) {
      failures_ = 0;
      changed |= std::exchange(failure_, std::nullopt).has_value();
    }
  }
  if (changed) shared_.changed(access_->cluster);
}

void NodeWatch::note_end(const Result<void>& result) {
  if (result.ok()) return;
  if (failures_++ == 0) failing_since_ = steady_clock::now();
  Error failure = Error(result.error()).with_context(access_->text());
  bool changed = false;
  {
    const std::lock_guard lock(mutex_);
    changed = !failure_ || failure_->code != failure.code;
    failure_ = failure;
    // A connection that had served and then broke says nothing yet: the next attempt will.
    if (!reached_) changed |= !std::exchange(unreachable_, std::move(failure)).has_value();
  }
  if (changed) shared_.changed(access_->cluster);
}

net::awaitable<void> NodeWatch::pause() {
  if (hurry_) co_return;
  const NodeWatchOptions& options = shared_.options;
  const Duration grown = options.first_pause * (int64_t{1} << std::clamp(failures_ - 1, 0, 16));
  // A server that comes up is seen soon: a pause is no more than an eighth of the time waited so
  // far.
  const Duration share = std::max(options.first_pause, (steady_clock::now() - failing_since_) / 8);
  const double jitter = 0.5 + shared_.random.fraction() / 2;
  const auto jittered = std::chrono::duration_cast<Duration>(
      std::chrono::duration<double, std::nano>(std::min({grown, share, options.longest_pause})) *
      jitter);
  boost::system::error_code cancelled;
  pause_timer_.expires_after(std::max(jittered, retry_after_));
  co_await pause_timer_.async_wait(net::redirect_error(net::use_awaitable, cancelled));
}

bool NodeWatch::suspect(const Error& failure) {
  const std::lock_guard lock(mutex_);
  return !std::exchange(unreachable_, failure).has_value();
}

Result<void> NodeWatch::reachable() const {
  const std::lock_guard lock(mutex_);
  return unreachable_ ? Result<void>(*unreachable_) : Result<void>();
}

Result<std::vector<NodePtr>> NodeWatch::nodes() const {
  const std::lock_guard lock(mutex_);
  if (unreachable_) return *unreachable_;
  // What is known stays good over a hiccup, but not where the server turned us away.
  if (failure_ && (!synced_ || failure_->code != Code::kUnavailable)) return *failure_;
  if (!synced_) return Error::unavailable(access_->text() + ": the first list of Nodes runs");
  return cache_.nodes();
}

}  // namespace capstan
