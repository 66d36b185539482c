#include "runtime/isolation/call_server.h"

#include <utility>

namespace capstan::isolation {
namespace {

constexpr size_t kMaxEarly = 1024;

}  // namespace

CallServer::CallServer(Channel& channel, Options options)
    : channel_(channel), options_(std::move(options)) {
  const std::scoped_lock lock(mutex_);
  if (options_.direct != nullptr) {
    options_.direct->set_spin();
    threads_.emplace_back([this] { work_directly(*options_.direct); });
  }
  add_thread();
}

CallServer::~CallServer() {
  channel_.shutdown();
  if (options_.direct != nullptr) options_.direct->shutdown();
  join();
}

void CallServer::join() {
  // Threads may be added while the first ones are waited for, but none after the last has ended.
  for (size_t i = 0;; ++i) {
    std::thread thread;
    {
      const std::scoped_lock lock(mutex_);
      if (i >= threads_.size()) return;
      thread = std::move(threads_[i]);
    }
    if (thread.joinable()) thread.join();
  }
}

void CallServer::add_thread() {
  ++idle_;
  threads_.emplace_back([this] { work(); });
}

void CallServer::work() {
  while (take_one()) {
  }
}

bool CallServer::take_one() {
  std::unique_lock order(order_, std::defer_lock);
  if (options_.ordered) order.lock();
  Result<Message> message = channel_.receive();
  if (!message.ok()) {
    if (message.code() == Code::kDeadlineExceeded) return true;
    end(message.error());
    return false;
  }
  if (options_.ordered && message->header.type == FrameType::kCall) order.unlock();
  handle(*message);
  return true;
}

void CallServer::handle(const Message& message) {
  switch (message.header.type) {
    case FrameType::kCall:
      answer_pooled(message);
      return;
    case FrameType::kNotice:
      if (options_.notice) {
        options_.notice(message);
      } else {
        end(Error::invalid("the plugin's process sent what is not expected of it"));
      }
      return;
    case FrameType::kCancel: {
      const std::scoped_lock lock(mutex_);
      const auto call = running_.find(message.header.call_id);
      if (call != running_.end()) {
        *call->second = true;
      } else if (cancelled_early_.size() < kMaxEarly) {
        cancelled_early_.insert(message.header.call_id);
      }
      return;
    }
    case FrameType::kReply:
      end(Error::invalid("the plugin's process answered what was not asked"));
      return;
  }
}

void CallServer::answer_pooled(const Message& message) {
  {
    const std::scoped_lock lock(mutex_);
    // One more than there are calls, so that somebody is there for the next message.
    if (--idle_ == 0 && !ended_ && threads_.size() < options_.max_threads) add_thread();
  }
  answer(message, channel_);
  const std::scoped_lock lock(mutex_);
  ++idle_;
}

void CallServer::answer(const Message& message, Channel& channel) {
  const uint32_t id = message.header.call_id;
  auto cancelled = std::make_shared<std::atomic<bool>>(false);
  {
    const std::scoped_lock lock(mutex_);
    if (!running_.emplace(id, cancelled).second) cancelled = nullptr;
    if (cancelled != nullptr && (cancelled_early_.erase(id) > 0 || ended_)) *cancelled = true;
  }
  if (cancelled == nullptr) {
    return end(Error::invalid("the plugin's process used the id of a running call again"));
  }
  const Answer answer = options_.answer(message, *cancelled);
  {
    const std::scoped_lock lock(mutex_);
    running_.erase(id);
  }
  FrameHeader header = message.header;
  header.type = FrameType::kReply;
  header.flags = 0;
  header.status = answer.status;
  const Result<void> sent = channel.send(header, answer.body, options_.give_up);
  if (!sent.ok() && sent.code() == Code::kResourceExhausted) {
    header.status = Code::kResourceExhausted;
    (void)channel.send(header, "", options_.give_up);
  }
}

void CallServer::work_directly(Channel& channel) {
  for (;;) {
    const Result<Message> message = channel.receive();
    if (message.code() == Code::kDeadlineExceeded) continue;
    if (!message.ok()) return end(message.error());
    if (message->header.type != FrameType::kCall) {
      return end(Error::invalid("what is no call came on the channel for calls"));
    }
    answer(*message, channel);
  }
}

void CallServer::end(const Error& reason) {
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(ended_, true)) return;
    // Nobody waits for them any more.
    for (const auto& [id, cancelled] : running_) *cancelled = true;
  }
  channel_.shutdown();
  if (options_.direct != nullptr) options_.direct->shutdown();
  if (options_.ended) options_.ended(reason);
}

}  // namespace capstan::isolation
