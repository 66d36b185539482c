#include "runtime/isolation/call_client.h"

#include <optional>
#include <utility>

namespace capstan::isolation {
namespace {

Error not_asked() {
  return Error::invalid("the plugin's process answered what was not asked");
}

FrameHeader header_of(const CallClient::Call& call) {
  FrameHeader header;
  header.method = call.method;
  header.deadline_ns = call.deadline_ns;
  header.attempt = call.attempt;
  return header;
}

bool answers(const Message& reply, const FrameHeader& call) {
  return reply.header.type == FrameType::kReply && reply.header.call_id == call.call_id &&
         reply.header.method == call.method;
}

}  // namespace

struct CallClient::Waiter {
  Method method;
  std::optional<Message> reply;
  std::condition_variable woken;
};

CallClient::CallClient(Channel& channel, std::function<void(const Error&)> broken, Channel* direct)
    : channel_(channel), direct_(direct), broken_(std::move(broken)) {
  channel_.set_tick();
  if (direct_ == nullptr) return;
  direct_->set_tick();
  direct_->set_spin();
}

Result<Message> CallClient::call(const Call& call) {
  // Nobody listens there before the greeting.
  if (direct_ != nullptr && call.method != Method::kHello) {
    const std::unique_lock lock(direct_mutex_, std::try_to_lock);
    if (lock.owns_lock()) return call_directly(call);
  }
  Waiter waiter{call.method, {}, {}};
  FrameHeader header = header_of(call);
  std::unique_lock lock(mutex_);
  header.call_id = new_id();
  waiters_[header.call_id] = &waiter;
  lock.unlock();
  const Result<void> sent = channel_.send(header, call.body, call.give_up);
  lock.lock();
  bool told = false;
  while (sent.ok() && !waiter.reply && !ended_) {
    if (reading_) {
      waiter.woken.wait_for(lock, Channel::kTick);
    } else {
      read_one(lock);
    }
    if (waiter.reply || !call.cancelled) continue;
    lock.unlock();
    if (call.cancelled() && !std::exchange(told, true)) cancel(header, call);
    lock.lock();
  }
  waiters_.erase(header.call_id);
  // Somebody else must read now.
  if (!reading_ && !waiters_.empty()) waiters_.begin()->second->woken.notify_one();
  if (!sent.ok()) return sent.error();
  if (!waiter.reply) return connection_closed();
  return *std::move(waiter.reply);
}

Result<Message> CallClient::call_directly(const Call& call) {
  FrameHeader header = header_of(call);
  {
    const std::scoped_lock lock(mutex_);
    if (ended_) return connection_closed();
    header.call_id = new_id();
  }
  TRY(direct_->send(header, call.body, call.give_up));
  bool told = false;
  for (;;) {
    Result<Message> reply = direct_->receive();
    if (reply.ok() && answers(*reply, header)) return reply;
    if (reply.code() != Code::kDeadlineExceeded) {
      const std::scoped_lock lock(mutex_);
      end(reply.ok() ? not_asked() : reply.error());
      return connection_closed();
    }
    look_aside();
    if (call.cancelled && call.cancelled() && !std::exchange(told, true)) cancel(header, call);
  }
}

void CallClient::look_aside() {
  std::unique_lock lock(mutex_);
  if (reading_ || ended_) return;
  reading_ = true;
  lock.unlock();
  Result<Message> message = channel_.receive_pending();
  lock.lock();
  reading_ = false;
  take(std::move(message));
  // Who came meanwhile and found it read.
  if (!waiters_.empty()) waiters_.begin()->second->woken.notify_one();
}

uint32_t CallClient::new_id() {
  do {
    ++last_id_;
  } while (waiters_.contains(last_id_));
  return last_id_;
}

void CallClient::cancel(FrameHeader header, const Call& call) {
  header.type = FrameType::kCancel;
  (void)channel_.send(header, "", call.give_up);
}

void CallClient::read_one(std::unique_lock<std::mutex>& lock) {
  reading_ = true;
  lock.unlock();
  Result<Message> message = channel_.receive();
  lock.lock();
  reading_ = false;
  take(std::move(message));
}

void CallClient::take(Result<Message> message) {
  if (message.ok()) {
    deliver(*std::move(message));
  } else if (message.code() != Code::kDeadlineExceeded) {
    end(message.error());
  }
}

void CallClient::deliver(Message message) {
  const auto found = waiters_.find(message.header.call_id);
  if (message.header.type != FrameType::kReply || found == waiters_.end() ||
      found->second->method != message.header.method || found->second->reply) {
    end(not_asked());
    return;
  }
  found->second->reply = std::move(message);
  found->second->woken.notify_one();
}

void CallClient::end(const Error& reason) {
  if (std::exchange(ended_, true)) return;
  channel_.shutdown();
  if (direct_ != nullptr) direct_->shutdown();
  for (const auto& [id, waiter] : waiters_) waiter->woken.notify_one();
  if (reason.code == Code::kInvalid && broken_) broken_(reason);
}

void CallClient::notice(Method method, std::string_view body, uint32_t attempt) {
  FrameHeader header;
  header.type = FrameType::kNotice;
  header.method = method;
  header.attempt = attempt;
  (void)channel_.send(header, body);
}

size_t CallClient::waiting() const {
  const std::scoped_lock lock(mutex_);
  return waiters_.size();
}

}  // namespace capstan::isolation
