// capstan.admission/1 in C++: defaults and checks that a schema cannot express. Runs while a write
// waits, so it makes no external calls.
//
// Example:
//   Status admit(Admission& admission) {
//     if (int_at(admission.object(), "spec/size") > 100) {
//       return Error::invalid("spec.size is above 100", "/spec/size");
//     }
//     if (admission.creating()) admission.defaults()["spec"]["colour"] = "blue";
//     return {};
//   }
#pragma once

#include <capstan/ext/admission.h>
#include <capstan/json.h>

#include <string>
#include <string_view>

namespace capstan::sdk {

class Admission {
 public:
  // Throws Json::exception where a text is no JSON.
  Admission(std::string_view object, std::string_view old)
      : object_(parse_json_or_throw(object)),
        old_(old.empty() ? Json() : parse_json_or_throw(old)) {}

  const Json& object() const { return object_; }  // the new state
  const Json& old() const { return old_; }        // null on create
  bool creating() const { return old_.is_null(); }
  std::string kind() const { return string_at(object_, "kind"); }

  // A merge patch of the object.
  Json& defaults() { return defaults_; }

 private:
  Json object_;
  Json old_;
  Json defaults_ = Json::object();
};

}  // namespace capstan::sdk
