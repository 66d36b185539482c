#include "runtime/isolation/call_client.h"

#include <optional>
#include <utility>

namespace capstan::isolation {

struct CallClient::Waiter {
  Method method;
  std::optional<Message> reply;
  std::condition_variable woken;
};

CallClient::CallClient(Channel& channel, std::function<void(const Error&)> broken)
    : channel_(channel), broken_(std::move(broken)) {
  channel_.set_tick();
}

Result<Message> CallClient::call(const Call& call) {
  Waiter waiter{call.method, {}, {}};
  FrameHeader header;
  header.method = call.method;
  header.deadline_ns = call.deadline_ns;
  header.attempt = call.attempt;
  std::unique_lock lock(mutex_);
  do {
    header.call_id = ++last_id_;
  } while (waiters_.contains(header.call_id));
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
    if (call.cancelled() && !std::exchange(told, true)) {
      header.type = FrameType::kCancel;
      (void)channel_.send(header, "", call.give_up);
    }
    lock.lock();
  }
  waiters_.erase(header.call_id);
  // Somebody else must read now.
  if (!reading_ && !waiters_.empty()) waiters_.begin()->second->woken.notify_one();
  if (!sent.ok()) return sent.error();
  if (!waiter.reply) return Error::unavailable("the connection between host and plugin is closed");
  return *std::move(waiter.reply);
}

void CallClient::read_one(std::unique_lock<std::mutex>& lock) {
  reading_ = true;
  lock.unlock();
  Result<Message> message = channel_.receive();
  lock.lock();
  reading_ = false;
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
    end(Error::invalid("the plugin's process answered what was not asked"));
    return;
  }
  found->second->reply = std::move(message);
  found->second->woken.notify_one();
}

void CallClient::end(const Error& reason) {
  if (std::exchange(ended_, true)) return;
  channel_.shutdown();
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
