#include "runtime/api/list_request.h"

#include <charconv>

#include "runtime/base/text.h"
#include "runtime/object/schema/field_errors.h"

namespace capstan {
namespace {

template <typename Number>
Result<std::optional<Number>> number(const RequestTarget& target, const char* name) {
  const std::string text = target.get(name);
  if (text.empty()) return std::optional<Number>();
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Error::invalid("Invalid value: \"" + text + "\": " + name + " must be a number");
  }
  return std::optional<Number>(value);
}

std::vector<std::string> supported_fields(const Kind& kind) {
  if (kind.id.kind == "Event" && kind.builtin) {
    std::vector<std::string> fields = {"reason", "reportingComponent", "source", "type"};
    for (const char* field :
         {"kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"}) {
      fields.push_back(std::string("involvedObject.") + field);
    }
    return fields;
  }
  if (!kind.builtin) return {};
  if (kind.id.kind == "Secret") return {"type"};
  if (kind.id.kind == "Namespace") return {"status.phase"};
  if (kind.id.kind == "Node") return {"spec.unschedulable"};
  if (kind.id.kind == "Pod") {
    return {"spec.nodeName",           "spec.restartPolicy", "spec.schedulerName",
            "spec.serviceAccountName", "status.phase",       "status.podIP",
            "status.nominatedNodeName"};
  }
  return {};
}

// Events are selected in the form in which they are stored.
std::string field_selector(const RequestTarget& target, const Kind& kind) {
  std::string text = target.get("fieldSelector");
  if (kind.stored_as.empty()) return text;
  constexpr std::string_view kFrom = "regarding.";
  for (size_t at = text.find(kFrom); at != std::string::npos; at = text.find(kFrom, at + 1)) {
    text.replace(at, kFrom.size(), "involvedObject.");
  }
  return text;
}

Error bad_options(std::string field, std::string message) {
  return invalid_object({"meta.k8s.io", "ListOptions"}, "",
                        {field_forbidden(std::move(field), std::move(message))});
}

Result<RevisionMatch> revision_match(const RequestTarget& target) {
  const std::string text = target.get("resourceVersionMatch");
  if (text.empty()) return RevisionMatch::kUnset;
  if (text == "NotOlderThan") return RevisionMatch::kNotOlderThan;
  if (text == "Exact") return RevisionMatch::kExact;
  return invalid_object(
      {"meta.k8s.io", "ListOptions"}, "",
      {field_not_supported("resourceVersionMatch", text, {"Exact", "NotOlderThan"})});
}

Result<void> check_list(const ListRequest& request) {
  if (request.watch) {
    if (request.match != RevisionMatch::kUnset && !request.send_initial_events) {
      return bad_options("resourceVersionMatch",
                         "resourceVersionMatch is forbidden for watch unless sendInitialEvents is "
                         "provided");
    }
    if (request.send_initial_events && request.match != RevisionMatch::kNotOlderThan) {
      return bad_options("resourceVersionMatch",
                         "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
    }
    return {};
  }
  if (request.send_initial_events) {
    return bad_options("sendInitialEvents", "sendInitialEvents is forbidden for list");
  }
  if (request.match == RevisionMatch::kUnset) return {};
  if (!request.revision) {
    return bad_options("resourceVersionMatch",
                       "resourceVersionMatch is forbidden unless resourceVersion is provided");
  }
  if (!request.continue_token.empty()) {
    return bad_options("resourceVersionMatch",
                       "resourceVersionMatch is forbidden when continue is provided");
  }
  if (request.match == RevisionMatch::kExact && *request.revision == 0) {
    return bad_options("resourceVersionMatch",
                       "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
  }
  return {};
}

}  // namespace

Result<ListRequest> parse_list_request(const RequestTarget& target, const Kind& kind) {
  ListRequest request;
  request.labels = TRY(LabelSelector::parse(target.get("labelSelector")));
  request.fields = TRY(FieldSelector::parse(field_selector(target, kind), supported_fields(kind)));
  request.limit = TRY(number<size_t>(target, "limit")).value_or(0);
  request.continue_token = target.get("continue");
  request.revision = TRY(number<Revision>(target, "resourceVersion"));
  request.match = TRY(revision_match(target));
  request.watch = target.flag("watch");
  request.bookmarks = target.flag("allowWatchBookmarks");
  request.send_initial_events = target.flag("sendInitialEvents");
  const auto timeout = TRY(number<int64_t>(target, "timeoutSeconds"));
  if (timeout && *timeout > 0)
    request.timeout = std::chrono::seconds(std::min<int64_t>(*timeout, 86'400));
  TRY(check_list(request));
  return request;
}

std::string ContinueToken::encode() const {
  const Json token = {{"v", "meta.k8s.io/v1"}, {"rv", revision}, {"start", {ns, name}}};
  return base64_encode(dump_json(token));
}

Result<ContinueToken> ContinueToken::decode(const std::string& text) {
  const auto bytes = base64_decode(text);
  const auto json = bytes.ok() ? parse_json(*bytes) : Result<Json>(bytes.error());
  const Json* start = json.ok() ? find(*json, {"start"}) : nullptr;
  const Json* revision = json.ok() ? find(*json, {"rv"}) : nullptr;
  if (start == nullptr || !start->is_array() || start->size() != 2 || !(*start)[0].is_string() ||
      !(*start)[1].is_string() || revision == nullptr || !revision->is_number_unsigned()) {
    return Error::invalid("continue key is not valid: start a new list without it");
  }
  return ContinueToken{revision->get<Revision>(), (*start)[0].get<std::string>(),
                       (*start)[1].get<std::string>()};
}

}  // namespace capstan
