#include "runtime/plugin/provider_outcome.h"

#include <algorithm>
#include <iterator>

#include "runtime/object/conditions.h"

namespace capstan {
namespace {

// Bounds on what one reply may ask for.
constexpr size_t kMaxChanges = 1000;
constexpr size_t kMaxMessage = 32 * 1024;
constexpr int64_t kMaxRequeueMs = int64_t{7} * 24 * 3600 * 1000;

// Removes from a merge patch what the target has already. True where nothing is left.
bool drop_known(Json& patch, const Json* target) {
  if (!patch.is_object()) return target != nullptr && *target == patch;
  if (target != nullptr && !target->is_object()) return false;
  for (auto member = patch.begin(); member != patch.end();) {
    const auto current = target == nullptr ? Json::const_iterator() : target->find(member.key());
    const bool has = target != nullptr && current != target->end();
    const bool known = member->is_null() ? !has
                                         : (has || !member->is_object()) &&
                                               drop_known(*member, has ? &*current : nullptr);
    member = known ? patch.erase(member) : std::next(member);
  }
  return patch.empty() && target != nullptr;
}

// The list with the updates merged in by type, or null where nothing changes.
Json merged_conditions(const Json& list, const std::vector<ConditionUpdate>& updates,
                       int64_t generation, Instant now) {
  Json object = {{"metadata", {{"generation", generation}}}, {"status", {{"conditions", list}}}};
  bool changed = false;
  for (const ConditionUpdate& update : updates) {
    changed |= set_condition(object,
                             {.type = update.type,
                              .status = update.status,
                              .reason = update.reason,
                              .message = update.message},
                             now);
  }
  return changed ? std::move(object["status"]["conditions"]) : Json();
}

const Json& current_conditions(const Json& tree) {
  static const Json kNone = Json::array();
  const Json* list = find(tree, {"status", "conditions"});
  return list != nullptr && list->is_array() ? *list : kNone;
}

class ReplyReader {
 public:
  ReplyReader(const OutcomeContext& context) : context_(context), tree_(context.object.tree()) {}

  Result<Outcome> read(const Json& reply, std::vector<ConditionUpdate> conditions) {
    if (!reply.is_object()) return Error::internal("the reply is no JSON object");
    TRY(read_conditions(reply, conditions));
    TRY(read_own_patch(reply, conditions));
    TRY(read_objects(reply, "create", Change::Op::kCreate));
    TRY(read_objects(reply, "apply", Change::Op::kApply));
    TRY(read_patches(reply));
    TRY(read_conditions_of(reply));
    TRY(read_deletions(reply));
    std::move(last_.begin(), last_.end(), std::back_inserter(outcome_.changes));
    TRY(read_events(reply));
    if (const Json* requeue = capstan::find(reply, {"requeueAfterMs"})) {
      if (!requeue->is_number()) return Error::internal("requeueAfterMs is no number");
      outcome_.requeue_after = std::chrono::milliseconds(static_cast<int64_t>(
          std::clamp(requeue->get<double>(), 0.0, static_cast<double>(kMaxRequeueMs))));
    }
    if (outcome_.changes.size() > kMaxChanges)
      return Error::internal("the reply has too many changes");
    return std::move(outcome_);
  }

 private:
  // The list of that name; null where absent. Errors: it is no list of objects.
  Result<const Json*> list(const Json& reply, const char* name) const {
    const Json* found = capstan::find(reply, {name});
    if (found == nullptr) return found;
    const bool objects = found->is_array() && std::all_of(found->begin(), found->end(),
                                                          [](auto& i) { return i.is_object(); });
    if (!objects) return Error::internal(std::string("\"") + name + "\" is no list of objects");
    return found;
  }

  Result<void> read_conditions(const Json& reply, std::vector<ConditionUpdate>& out) const {
    const Json* conditions = TRY(list(reply, "conditions"));
    if (conditions == nullptr) return {};
    for (const Json& item : *conditions) {
      ConditionUpdate update{get_string(item, {"type"}), get_string(item, {"status"}),
                             get_string(item, {"reason"}),
                             get_string(item, {"message"}).substr(0, kMaxMessage)};
      if (update.type.empty()) return Error::internal("a condition has no type");
      if (update.status != "True" && update.status != "False" && update.status != "Unknown") {
        return Error::internal("condition " + update.type + " has status \"" + update.status +
                               "\"; expected True, False or Unknown");
      }
      if (update.reason.empty()) {
        return Error::internal("condition " + update.type + " has no reason");
      }
      std::erase_if(out, [&](const ConditionUpdate& u) { return u.type == update.type; });
      out.push_back(std::move(update));
    }
    return {};
  }

  Result<void> read_own_patch(const Json& reply, const std::vector<ConditionUpdate>& conditions) {
    Json patch = Json::object();
    if (const Json* given = capstan::find(reply, {"patch"})) {
      if (!given->is_object()) return Error::internal("\"patch\" is no object");
      patch = *given;
    }
    TRY(check_metadata(patch));
    const Json* own = capstan::find(patch, {"status", "conditions"});
    Json list = own != nullptr && own->is_array() ? *own : current_conditions(*tree_);
    const bool recovered = drop_failure(list, conditions);
    Json merged = merged_conditions(list, conditions, observed_generation(), context_.now);
    if (merged.is_null() && recovered) merged = std::move(list);
    if (!merged.is_null()) make(patch, {"status", "conditions"}) = std::move(merged);
    (void)drop_known(patch, tree_.get());
    split_own(std::move(patch));
    return {};
  }

  // A crash may come between any two changes. Finalizers and what makes a second call find what the
  // first one made come before all else; what says that something is done, and the going of the
  // object itself, come after it.
  void split_own(Json patch) {
    const bool going = context_.object.meta().deleting() && drops_finalizers(patch);
    std::vector<Change> changes =
        split(context_.object.key(), std::move(patch), context_.object.meta().resource_version);
    // With its last finalizer the object is gone, and its status with it.
    if (going) std::erase_if(changes, [](auto& c) { return c.op == Change::Op::kPatchStatus; });
    for (Change& change : changes) {
      const bool first = change.op == Change::Op::kPatch && !going;
      (first ? outcome_.changes : last_).push_back(std::move(change));
    }
  }

  // Without a status subresource every write of status raises the generation, so a condition that
  // names it would be written again for ever.
  int64_t observed_generation() const {
    const KindPtr kind = context_.kinds.find(context_.object.key().kind);
    const bool apart = kind == nullptr || kind->storage_version().status_subresource;
    return apart ? context_.object.meta().generation : 0;
  }

  // The host's own word of an earlier failure goes with the first call that succeeds, also where
  // the provider has no Ready condition of its own.
  static bool drop_failure(Json& list, const std::vector<ConditionUpdate>& conditions) {
    const bool sets_ready = std::any_of(conditions.begin(), conditions.end(),
                                        [](auto& update) { return update.type == "Ready"; });
    if (sets_ready) return false;
    const auto stale = std::find_if(list.begin(), list.end(), [](const Json& condition) {
      const std::string reason = get_string(condition, {"reason"});
      return get_string(condition, {"type"}) == "Ready" &&
             (reason == "ProviderError" || reason == "ReconcileFailed" ||
              reason == kPluginUnavailable || reason == kPluginQuarantined);
    });
    if (stale == list.end()) return false;
    list.erase(stale);
    return true;
  }

  // Of metadata only what the ABI names may change.
  static Result<void> check_metadata(const Json& patch) {
    const Json* metadata = capstan::find(patch, {"metadata"});
    if (metadata == nullptr) return {};
    if (!metadata->is_object()) return Error::internal("patch.metadata is no object");
    for (const auto& [name, value] : metadata->items()) {
      if (name != "labels" && name != "annotations" && name != "finalizers" &&
          name != "ownerReferences") {
        return Error::internal("the patch changes metadata." + name +
                               "; only labels, annotations, finalizers and ownerReferences may be");
      }
    }
    return {};
  }

  // Main first: spec.providerID must not come after the status that says provisioned.
  std::vector<Change> split(const ObjectKey& key, Json patch, Revision expected) const {
    Json status = Json::object();
    if (const auto member = patch.find("status"); member != patch.end()) {
      status["status"] = std::move(*member);
      patch.erase(member);
    }
    std::vector<Change> changes;
    if (!patch.empty()) {
      changes.push_back(make_change(Change::Op::kPatch, key, std::move(patch), expected));
    }
    if (!status.empty() && !context_.given_up) {
      changes.push_back(make_change(Change::Op::kPatchStatus, key, std::move(status), expected));
    }
    return changes;
  }
  static bool drops_finalizers(const Json& patch) {
    const Json* finalizers = capstan::find(patch, {"metadata", "finalizers"});
    return finalizers != nullptr && (finalizers->is_null() || finalizers->empty());
  }

  Change make_change(Change::Op op, ObjectKey key, Json body, Revision expected = 0) const {
    Change change;
    change.op = op;
    change.key = std::move(key);
    change.body = std::move(body);
    change.expected = expected;
    change.manager = context_.manifest.name;
    return change;
  }
  void change(Change::Op op, ObjectKey key, Json body) {
    outcome_.changes.push_back(make_change(op, std::move(key), std::move(body)));
  }

  // Where an object is, by its apiVersion, kind and (member `prefix`) namespace and name.
  Result<ObjectKey> key_of(const Json& item, const Json& names, const char* list_name) const {
    ObjectKey key{
        {GroupVersion::parse(get_string(item, {"apiVersion"})).group, get_string(item, {"kind"})},
        get_string(names, {"namespace"}),
        get_string(names, {"name"})};
    const std::string where = std::string("an item of \"") + list_name + "\"";
    if (key.kind.kind.empty() || key.name.empty()) {
      return Error::internal(where + " lacks apiVersion, kind or name");
    }
    if (!context_.manifest.may_write(key.kind)) {
      return Error{Code::kPermissionDenied,
                   where + " is a " + key.kind.text() +
                       ", which the manifest's needs.objects does not allow to write",
                   {},
                   {}};
    }
    const KindPtr kind = context_.kinds.find(key.kind);
    if (kind == nullptr) {
      return Error::internal(where + " is of the unknown kind " + key.kind.text());
    }
    if (!kind->namespaced) {
      key.ns = "";
    } else if (key.ns.empty()) {
      key.ns = context_.object.meta().ns;
    }
    return key;
  }

  Result<void> read_objects(const Json& reply, const char* name, Change::Op op) {
    const Json* objects = TRY(list(reply, name));
    if (objects == nullptr) return {};
    for (const Json& object : *objects) {
      const Json* metadata = capstan::find(object, {"metadata"});
      if (metadata == nullptr) {
        return Error::internal(std::string("an item of \"") + name + "\" lacks metadata");
      }
      ObjectKey key = TRY(key_of(object, *metadata, name));
      Json body = object;
      if (!key.ns.empty()) body["metadata"]["namespace"] = key.ns;
      change(op, std::move(key), std::move(body));
    }
    return {};
  }

  Result<void> read_patches(const Json& reply) {
    const Json* patches = TRY(list(reply, "patches"));
    if (patches == nullptr) return {};
    for (const Json& item : *patches) {
      const ObjectKey key = TRY(key_of(item, item, "patches"));
      const Json* patch = capstan::find(item, {"patch"});
      if (patch == nullptr || !patch->is_object()) {
        return Error::internal("the patch of " + key.text() + " is no object");
      }
      TRY(check_metadata(*patch));
      for (Change& part : split(key, *patch, 0)) outcome_.changes.push_back(std::move(part));
    }
    return {};
  }

  Result<void> read_conditions_of(const Json& reply) {
    const Json* items = TRY(list(reply, "conditionsOf"));
    if (items == nullptr) return {};
    for (const Json& item : *items) {
      ObjectKey key = TRY(key_of(item, item, "conditionsOf"));
      std::vector<ConditionUpdate> checked;
      TRY(read_conditions(item, checked));
      Json body = Json::array();
      for (const ConditionUpdate& c : checked) {
        body.push_back(
            {{"type", c.type}, {"status", c.status}, {"reason", c.reason}, {"message", c.message}});
      }
      if (context_.given_up) continue;
      change(Change::Op::kConditions, std::move(key), std::move(body));
      outcome_.changes.back().uid = get_string(item, {"uid"});
    }
    return {};
  }

  Result<void> read_deletions(const Json& reply) {
    const Json* deletions = TRY(list(reply, "delete"));
    if (deletions == nullptr) return {};
    for (const Json& item : *deletions) {
      ObjectKey key = TRY(key_of(item, item, "delete"));
      change(Change::Op::kDelete, std::move(key), Json());
      outcome_.changes.back().uid = get_string(item, {"uid"});
    }
    return {};
  }

  Result<void> read_events(const Json& reply) {
    const Json* events = TRY(list(reply, "events"));
    if (events == nullptr) return {};
    for (const Json& item : *events) {
      EventRecord event;
      event.regarding = context_.object.key();
      event.uid = context_.object.meta().uid;
      event.type = get_string(item, {"type"}) == "Warning" ? "Warning" : "Normal";
      event.reason = get_string(item, {"reason"});
      event.message = get_string(item, {"message"}).substr(0, 1024);
      if (event.reason.empty()) return Error::internal("an event has no reason");
      if (context_.given_up && event.type == "Warning") continue;  // what it saw
      outcome_.events.push_back(std::move(event));
    }
    return {};
  }

  const OutcomeContext& context_;
  const JsonPtr tree_;
  Outcome outcome_;
  std::vector<Change> last_;  // of the object itself
};

EventRecord failure_event(const Object& object, const Error& error) {
  EventRecord event;
  event.regarding = object.key();
  event.uid = object.meta().uid;
  event.type = "Warning";
  event.reason = "ReconcileFailed";
  event.message = error.message.substr(0, 1024);
  return event;
}

// The provider misbehaved: nothing of its reply counts.
Outcome misbehaviour(const OutcomeContext& context, Error error) {
  error = std::move(error).with_context("plugin \"" + context.manifest.name + "\", " +
                                        context.object.key().text());
  Outcome outcome = condition_outcome(
      context.object, {{"Ready", "False", "ProviderError", error.message.substr(0, kMaxMessage)}},
      context.now);
  outcome.events.push_back(failure_event(context.object, error));
  outcome.events.back().reason = "ProviderError";
  outcome.error = std::move(error);
  return outcome;
}

}  // namespace

Outcome condition_outcome(const Object& object, const std::vector<ConditionUpdate>& conditions,
                          Instant now) {
  Outcome outcome;
  Json merged = merged_conditions(current_conditions(*object.tree()), conditions,
                                  object.meta().generation, now);
  if (merged.is_null()) return outcome;
  Change change;
  change.op = Change::Op::kPatchStatus;
  change.key = object.key();
  change.expected = object.meta().resource_version;
  change.body = {{"status", {{"conditions", std::move(merged)}}}};
  outcome.changes.push_back(std::move(change));
  return outcome;
}

Outcome provider_outcome(const ProviderReply& reply, const OutcomeContext& context) {
  const bool failed = reply.status != Code::kOk;
  std::vector<ConditionUpdate> conditions;
  std::optional<Error> error;
  if (failed) {
    error = reply.error(context.manifest.name);
    if (!context.given_up) {
      conditions.push_back(
          {"Ready", "False", reply.reason(), error->message.substr(0, kMaxMessage)});
    }
  }
  Json json = Json::object();
  if (!reply.text.empty()) {
    auto parsed = parse_json(reply.text);
    if (!parsed.ok()) return misbehaviour(context, std::move(parsed).error().with_context("reply"));
    json = *std::move(parsed);
  }
  auto outcome = ReplyReader(context).read(json, std::move(conditions));
  if (!outcome.ok()) return misbehaviour(context, std::move(outcome).error());
  if (!failed) return *std::move(outcome);
  if (outcome->events.empty() && !context.given_up) {
    outcome->events.push_back(failure_event(context.object, *error));
  }
  // Nothing but a change of the object helps, and that wakes it.
  if (!reply.terminal()) outcome->error = std::move(error);
  return *std::move(outcome);
}

}  // namespace capstan
