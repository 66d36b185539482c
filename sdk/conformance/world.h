// What is outside of a plugin under test: the author's fake, started for each case, and the text by
// which two states of it are compared.
//
// Thread safety: one owner.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "sdk/conformance/subject.h"

namespace capstan::conformance {

// The output of the config's digest command; "" where there is none. A command that fails gives its
// output and its code, so it is seen as a difference.
std::string world_digest(const Subject& subject);

// The running fake; ended by the destructor.
class FakeWorld {
 public:
  // Waits until the command of `world.start` wrote a line. Null where the config has none.
  // Errors: it ended, or wrote nothing in ten seconds.
  static Result<std::unique_ptr<FakeWorld>> start(const Subject& subject);
  ~FakeWorld();
  FakeWorld(const FakeWorld&) = delete;

 private:
  explicit FakeWorld(pid_t pid) : pid_(pid) {}
  pid_t pid_;
};

}  // namespace capstan::conformance
