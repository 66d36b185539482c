#include "runtime/api/event_loop.h"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <thread>

namespace capstan {

namespace asio = boost::asio;

struct EventLoop::Impl {
  explicit Impl(const EventLoopOptions& options)
      : workers(static_cast<size_t>(options.workers)), max_queued(options.max_queued) {}

  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
  asio::thread_pool workers;
  const size_t max_queued;
  std::atomic<size_t> queued{0};
  std::thread thread;
};

EventLoop::EventLoop(const EventLoopOptions& options) : impl_(std::make_unique<Impl>(options)) {
  impl_->thread = std::thread([this] { impl_->context.run(); });
}

EventLoop::~EventLoop() {
  impl_->workers.join();
  impl_->guard.reset();
  impl_->context.stop();
  impl_->thread.join();
}

bool EventLoop::run_blocking(std::function<void()> work) {
  if (impl_->queued.fetch_add(1) >= impl_->max_queued) {
    impl_->queued.fetch_sub(1);
    return false;
  }
  asio::post(impl_->workers, [impl = impl_.get(), work = std::move(work)] {
    work();
    impl->queued.fetch_sub(1);
  });
  return true;
}

void EventLoop::post(std::function<void()> work) {
  asio::post(impl_->context, std::move(work));
}

void EventLoop::post_after(Duration delay, std::function<void()> work) {
  asio::post(impl_->context, [impl = impl_.get(), delay, work = std::move(work)]() mutable {
    auto timer = std::make_shared<asio::steady_timer>(impl->context, delay);
    timer->async_wait([timer, work = std::move(work)](boost::system::error_code error) {
      if (!error) work();
    });
  });
}

asio::io_context& EventLoop::context() {
  return impl_->context;
}

}  // namespace capstan
