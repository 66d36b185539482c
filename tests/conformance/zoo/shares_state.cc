// Keeps the object of a call where another call finds it.
#include <atomic>
#include <functional>
#include <thread>
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

  Status reconcile(const Request& request, Reply& reply, const Call& call) override {
    latest_ = std::hash<std::string>()(request.name());
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const Status status = Zoo::reconcile(request, reply, call);
    if (latest_ != std::hash<std::string>()(request.name()))
      reply.label("example.com/of", "another");
    return status;
  }

 private:
  std::atomic<size_t> latest_{0};
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
