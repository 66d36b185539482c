// capstan.reconcile/1 in C++: the request, read lazily, and the reply, built up.
//
// Thread safety: a Request and its Reply belong to one call, which runs on one thread.
//
// Example:
//   Status reconcile(const Request& request, Reply& reply, const Call& call) {
//     reply.status("observedColour", string_at(request.object(), "spec/colour"));
//     reply.condition({"Ready", "True", "Painted", ""});
//     return {};
//   }
#pragma once

#include <capstan/call.h>
#include <capstan/contract.h>
#include <capstan/ext/reconcile.h>
#include <capstan/json.h>
#include <capstan/text.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace capstan::sdk {

// The object and what stands around it. Each part is parsed when it is first asked for, and throws
// Json::exception where the text is no JSON (the plugin's barrier turns that into a status).
// Lifetime: the text given to the constructor outlives it.
class Request {
 public:
  explicit Request(std::string_view text) : members_(split_members(text)) {}

  const Json& object() const {
    if (!object_) object_ = parse("object");
    return *object_;
  }
  // Null where absent.
  const Json* cluster() const { return optional_member(cluster_, "cluster"); }
  const Json* owner() const { return optional_member(owner_, "owner"); }
  // The Secret that the Machine's spec.bootstrap.dataSecretName names; only for role infraMachine
  // and only until the machine is provisioned. Null where absent.
  const Json* bootstrap_secret() const {
    return optional_member(bootstrap_secret_, "bootstrapSecret");
  }
  // The objects of one of the manifest's relations; empty where there are none.
  const std::vector<Json>& related(const std::string& relation) const {
    if (!relation_texts_) {
      const auto text = members_.find("relations");
      relation_texts_ = text == members_.end() ? Members() : split_members(text->second);
    }
    const auto [slot, added] = relations_.try_emplace(relation);
    if (added) {
      const auto text = relation_texts_->find(relation);
      if (text != relation_texts_->end()) {
        Json list = parse_json_or_throw(text->second);
        slot->second = std::move(list.get_ref<Json::array_t&>());
      }
    }
    return slot->second;
  }
  // The host's time, RFC 3339.
  std::string now() const {
    const auto text = members_.find("now");
    return text == members_.end() ? "" : parse_json_or_throw(text->second).get<std::string>();
  }

  std::string api_version() const { return string_at(object(), "apiVersion"); }
  std::string kind() const { return string_at(object(), "kind"); }
  std::string name() const { return string_at(object(), "metadata/name"); }
  std::string ns() const { return string_at(object(), "metadata/namespace"); }
  std::string uid() const { return string_at(object(), "metadata/uid"); }
  bool deleting() const { return !string_at(object(), "metadata/deletionTimestamp").empty(); }
  bool has_finalizer(std::string_view finalizer) const {
    const Json* finalizers = find_at(object(), "metadata/finalizers");
    return finalizers != nullptr && finalizers->is_array() &&
           std::find(finalizers->begin(), finalizers->end(), finalizer) != finalizers->end();
  }
  // "DockerMachine default/worker-1", for messages.
  std::string text() const { return kind() + " " + (ns().empty() ? "" : ns() + "/") + name(); }

 private:
  using Members = std::map<std::string, std::string_view, std::less<>>;

  // Top-level members of a JSON object as text, without parsing the values.
  static Members split_members(std::string_view text) { return split_json_members(text); }
  Json parse(std::string_view member) const {
    const auto text = members_.find(member);
    return text == members_.end() ? Json() : parse_json_or_throw(text->second);
  }
  const Json* optional_member(std::optional<Json>& slot, std::string_view name) const {
    if (!slot) slot = parse(name);
    return slot->is_object() ? &*slot : nullptr;
  }

  Members members_;
  mutable std::optional<Json> object_, cluster_, owner_, bootstrap_secret_;
  mutable std::optional<Members> relation_texts_;
  mutable std::map<std::string, std::vector<Json>> relations_;
};

struct Condition {
  std::string type = {};
  std::string status = {};  // "True", "False" or "Unknown"
  std::string reason = {};  // CamelCase, not empty
  std::string message = {};
};

// Names an object of another kind.
struct ObjectName {
  std::string api_version = {};
  std::string kind = {};
  std::string ns = {};
  std::string name = {};
  std::string uid = {};  // "" takes any
};

// What is to change. Later values for the same thing replace earlier ones.
class Reply {
 public:
  explicit Reply(const Request& request) : request_(request) {}

  // The merge patch of the object, status included.
  Json& patch() { return patch_; }
  // Sets (or, with null, removes) one field; the path is below spec or status: "addresses".
  void spec(std::string_view path, Json value) {
    make_at(patch_, std::string("spec/").append(path)) = std::move(value);
  }
  void status(std::string_view path, Json value) {
    make_at(patch_, std::string("status/").append(path)) = std::move(value);
  }
  // Merges a JSON object into the patch of status.
  void merge_status(const Json& fields) {
    if (fields.is_object() && !fields.empty()) make_at(patch_, "status").merge_patch(fields);
  }
  // An empty value is kept; erase_* removes.
  void label(const std::string& key, std::string value) {
    make_at(patch_, "metadata/labels")[key] = std::move(value);
  }
  void annotation(const std::string& key, std::string value) {
    make_at(patch_, "metadata/annotations")[key] = std::move(value);
  }
  void erase_annotation(const std::string& key) {
    make_at(patch_, "metadata/annotations")[key] = nullptr;
  }
  void add_finalizer(std::string_view name) {
    if (!request_.has_finalizer(name)) finalizers().push_back(name);
  }
  void remove_finalizer(std::string_view name) {
    Json& list = finalizers();
    list.erase(std::remove(list.begin(), list.end(), Json(name)), list.end());
  }

  void condition(Condition condition) {
    std::erase_if(conditions_, [&](const Condition& c) { return c.type == condition.type; });
    conditions_.push_back(std::move(condition));
  }
  const std::vector<Condition>& conditions() const { return conditions_; }
  bool has_condition(std::string_view type) const {
    return std::any_of(conditions_.begin(), conditions_.end(),
                       [&](const Condition& c) { return c.type == type; });
  }

  // Made where it does not exist yet.
  void create(Json object) { append("create", std::move(object)); }
  // Made or merged by server-side apply.
  void apply(Json object) { append("apply", std::move(object)); }
  void remove(const ObjectName& object) { append("delete", name_json(object)); }
  void patch_other(const ObjectName& object, Json patch) {
    Json item = name_json(object);
    item["patch"] = std::move(patch);
    append("patches", std::move(item));
  }
  // Conditions of another object, merged by type into what it has.
  void conditions_of(const ObjectName& object, const std::vector<Condition>& conditions) {
    Json item = name_json(object);
    for (const Condition& condition : conditions) {
      item["conditions"].push_back(condition_json(condition));
    }
    append("conditionsOf", std::move(item));
  }
  void event(std::string reason, std::string message, std::string type = "Normal") {
    append("events", {{"type", std::move(type)},
                      {"reason", std::move(reason)},
                      {"message", std::move(message)}});
  }
  // The earliest of several requests counts.
  void requeue_after(Milliseconds delay) {
    if (!requeue_after_ || delay < *requeue_after_) requeue_after_ = delay;
  }
  std::optional<Milliseconds> requeue() const { return requeue_after_; }

  // An owner reference from what is created to the object of the request.
  Json owner_reference(bool controller = true) const {
    return {{"apiVersion", request_.api_version()},
            {"kind", request_.kind()},
            {"name", request_.name()},
            {"uid", request_.uid()},
            {"controller", controller},
            {"blockOwnerDeletion", true}};
  }

  // The reply as the ABI has it.
  Json json() const {
    Json out = lists_;
    if (!patch_.empty()) out["patch"] = patch_;
    for (const Condition& c : conditions_) {
      out["conditions"].push_back(condition_json(c));
    }
    if (requeue_after_) out["requeueAfterMs"] = requeue_after_->count();
    return out;
  }

 private:
  static Json condition_json(const Condition& c) {
    return {{"type", c.type}, {"status", c.status}, {"reason", c.reason}, {"message", c.message}};
  }
  static Json name_json(const ObjectName& object) {
    Json out = {{"apiVersion", object.api_version}, {"kind", object.kind}, {"name", object.name}};
    if (!object.ns.empty()) out["namespace"] = object.ns;
    if (!object.uid.empty()) out["uid"] = object.uid;
    return out;
  }
  // A merge patch replaces lists whole, so the list starts as the object has it.
  Json& finalizers() {
    Json& list = make_at(patch_, "metadata/finalizers");
    if (list.is_null()) {
      const Json* current = find_at(request_.object(), "metadata/finalizers");
      list = current != nullptr && current->is_array() ? *current : Json::array();
    }
    return list;
  }
  void append(const char* list, Json item) { lists_[list].push_back(std::move(item)); }

  const Request& request_;
  Json patch_ = Json::object();
  Json lists_ = Json::object();
  std::vector<Condition> conditions_;
  std::optional<Milliseconds> requeue_after_;
};

// Gives the request to the handler whose kind() is the object's: one plugin, several kinds.
//   return dispatch(request, reply, call, machines_, clusters_);
// Errors: kUnimplemented where no handler has the kind.
template <typename... Handlers>
Status dispatch(const Request& request, Reply& reply, const Call& call, Handlers&... handlers) {
  const std::string kind = request.kind();
  std::optional<Status> result;
  (void)((handlers.kind() == kind ? (result = handlers.reconcile(request, reply, call), true)
                                  : false) ||
         ...);
  if (result) return *std::move(result);
  return Error::make(Code::kUnimplemented, "the plugin has no handler for kind " + kind,
                     "Remove the kind from the manifest's `reconciles` or add a handler.");
}

}  // namespace capstan::sdk
