// What this provider asks of its cloud. FakeCloud implements it in a folder; put a client of the
// real one beside it, and choose between them in plugin.h.
//
// Everything is found again by its tag, the uid of the object that it is for: a process may end
// between the cloud's answer and the store, and the next call begins with find().
//
// Thread safety: all members from any thread.
#pragma once

#include <capstan/json.h>

#include <optional>
#include <string>

namespace @PACKAGE@ {

// What every file here says.
using capstan::sdk::Done;
using capstan::sdk::Error;
using capstan::sdk::Expected;
using capstan::sdk::InProgress;
using capstan::sdk::int_at;
using capstan::sdk::Json;
using capstan::sdk::Status;
using capstan::sdk::Step;
using capstan::sdk::string_at;

// One thing of the cloud: a network, a server, ...
struct Thing {
  std::string id = {};       // the cloud's own name for it
  std::string address = {};  // where it is reached
  bool ready = false;        // false while the cloud is still building it
  Json properties = Json::object();
};

class Cloud {
 public:
  virtual ~Cloud() = default;

  // Errors of all: kUnavailable where the cloud does not answer.
  virtual Expected<std::optional<Thing>> find(const std::string& type, const std::string& tag) = 0;
  // Gives what is there where the tag is taken already.
  virtual Expected<Thing> create(const std::string& type, const std::string& tag,
                                 const Json& properties) = 0;
  // Errors: kNotFound.
  virtual Status update(const std::string& type, const std::string& tag,
                        const Json& properties) = 0;
  // What is gone already is no error.
  virtual Status remove(const std::string& type, const std::string& tag) = 0;
};

}  // namespace @PACKAGE@
