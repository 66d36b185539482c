// Keeps the object of a call where another call finds it.
#include <thread>
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

  Status reconcile(const Request& request, Reply& reply, const Call& call) override {
    colour_ = request.name();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const Status status = Zoo::reconcile(request, reply, call);
    if (colour_ != request.name()) reply.label("example.com/of", "another");
    return status;
  }

 private:
  std::string colour_;  // of whoever came last
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
