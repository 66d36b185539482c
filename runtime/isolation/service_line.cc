#include "runtime/isolation/service_line.h"

#include <utility>

namespace capstan::isolation {

std::shared_ptr<ServiceLine::Line> ServiceLine::line() {
  std::unique_lock lock(mutex_);
  if (in_call_ && interrupted_) return nullptr;
  changed_.wait(lock, [this] { return !interrupted_; });
  return line_;
}

Result<Message> ServiceLine::call(const CallClient::Call& call) {
  const std::shared_ptr<Line> now = line();
  return now == nullptr ? connection_closed() : now->client.call(call);
}

void ServiceLine::notice(Method method, std::string_view body, uint32_t attempt) {
  if (const std::shared_ptr<Line> now = line()) now->client.notice(method, body, attempt);
}

void ServiceLine::interrupt() {
  const std::scoped_lock lock(mutex_);
  interrupted_ = true;
}

void ServiceLine::connect(Fd socket, const std::function<void(CallClient&)>& prepare) {
  auto next = std::make_shared<Line>(std::move(socket));
  if (prepare) prepare(next->client);
  const std::scoped_lock lock(mutex_);
  line_ = std::move(next);
  interrupted_ = false;
  changed_.notify_all();
}

void ServiceLine::close() {
  const std::scoped_lock lock(mutex_);
  line_->channel.shutdown();
  interrupted_ = false;
  changed_.notify_all();
}

}  // namespace capstan::isolation
