// Random objects that a structural schema allows, for property tests. The same seed gives the same
// object.
//
// Thread safety: one thread at a time.
#pragma once

#include <random>
#include <set>
#include <string>

#include "runtime/base/json.h"

namespace capstan::test {

class RandomObject {
 public:
  // `durations` are the paths ("spec.items[].timeout") of text that is a duration.
  RandomObject(uint32_t seed, std::set<std::string> durations)
      : random_(seed), durations_(std::move(durations)) {}

  // An object of the kind that `schema` describes, with or without optional fields and with empty
  // values where the schema allows them.
  Json make(const Json& schema, const std::string& api_version, const std::string& kind);

  // A small valid change: another value for one scalar below `object` that is not metadata.
  // Returns its path as a JSON pointer, "" where there is nothing to change.
  std::string change_something(Json& object);

  bool chance(int percent) { return below(100) < percent; }
  int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }

 private:
  Json value(const Json& schema, const std::string& path);
  Json object_value(const Json& schema, const std::string& path);
  Json list_value(const Json& schema, const std::string& path);
  Json text_value(const Json& schema, const std::string& path);

  std::mt19937 random_;
  std::set<std::string> durations_;
};

}  // namespace capstan::test
