#include "runtime/api/resource_handler.h"

#include "runtime/api/answer.h"
#include "runtime/api/request_body.h"
#include "runtime/object/schema/field_errors.h"
#include "runtime/resource/resource_errors.h"
#include "runtime/telemetry/trace.h"

namespace capstan {
namespace {

Error method_not_allowed_marker() {
  return {Code::kCancelled, "", {}, {}};
}

HttpResponse method_not_allowed() {
  return failure_response(405, "MethodNotAllowed",
                          "the server does not allow this method on the requested resource");
}

// Which writes a subresource takes; the main resource is "".
bool has_subresource(const ResourceRequest& request) {
  const std::string& name = request.path.subresource;
  if (name.empty()) return true;
  if (name == "status") return request.version->status_subresource;
  if (name == "scale") return request.version->scale.has_value();
  return name == "finalize" && request.kind->builtin && request.kind->id.kind == "Namespace";
}

Result<PatchType> patch_type(std::string_view content_type) {
  const std::string type = media_type(content_type);
  if (type == "application/merge-patch+json") return PatchType::kMerge;
  if (type == "application/json-patch+json") return PatchType::kJson;
  if (type == "application/strategic-merge-patch+json") return PatchType::kStrategicMerge;
  if (type == "application/apply-patch+yaml") return PatchType::kApply;
  return Error{Code::kUnimplemented,
               "the body of the request was in an unknown format - accepted media types include: "
               "application/json-patch+json, application/merge-patch+json, "
               "application/apply-patch+yaml",
               {},
               {}};
}

std::string deprecation(const ResourceRequest& request) {
  if (!request.version->deprecated) return "";
  if (!request.version->deprecation_warning.empty()) return request.version->deprecation_warning;
  return GroupVersion{request.kind->id.group, request.version->name}.text() + " " +
         request.kind->id.kind + " is deprecated";
}

// What failed; a new object's name is in the body.
StatusSubject failed_subject(const ResourceRequest& request) {
  StatusSubject subject = request.subject();
  if (!subject.name.empty() || request.http().method != "POST") return subject;
  const auto body = decode_body(request.http().header("content-type"), request.http().body);
  if (body.ok()) subject.name = get_string(body->value, {"metadata", "name"});
  return subject;
}

}  // namespace

bool ResourceHandler::is_quick(const ResourceRequest& request) const {
  return request.http().method == "GET" && !request.path.name.empty() && request.version->storage &&
         !request.target.flag("watch");
}

void ResourceHandler::answer(const ResourceRequest& request) {
  const TraceScope trace(parse_traceparent(request.http().header("traceparent")));
  if (!has_subresource(request)) return request.exchange->respond(not_found_response());
  if (verb_of(request.http().method, request.path, request.target) == "watch") {
    const Result<void> watched = watch(request);
    if (!watched.ok()) {
      request.exchange->respond(failure_response(watched.error(), request.subject()));
    }
    return;
  }
  Result<HttpResponse> response = respond(request);
  if (!response.ok()) {
    request.exchange->respond(response.code() == Code::kCancelled
                                  ? method_not_allowed()
                                  : failure_response(response.error(), failed_subject(request)));
    return;
  }
  if (const std::string warning = deprecation(request); !warning.empty()) {
    add_warning(*response, warning);
  }
  request.exchange->respond(compressed(std::move(*response), request.http()));
}

Result<HttpResponse> ResourceHandler::respond(const ResourceRequest& request) {
  const std::string verb = verb_of(request.http().method, request.path, request.target);
  const bool main = request.path.subresource.empty();
  if (verb == "get") return get(request);
  if (verb == "update") return update(request);
  if (verb == "patch") return patch(request);
  if (verb == "list") return list(request);
  if (verb == "create" && main && request.path.name.empty()) return create(request);
  if (verb == "delete" && main) return remove(request);
  if (verb == "deletecollection") return remove_collection(request);
  return method_not_allowed_marker();
}

Result<ObjectEncoder> ResourceHandler::encoder(const ResourceRequest& request) {
  const AcceptedForm form = TRY(negotiate_object(request.http().header("accept")));
  const IncludeObject include = TRY(parse_include_object(request.target.get("includeObject")));
  return ObjectEncoder(service_, request.kind, *request.version, form, include, service_.clock());
}

Result<HttpResponse> ResourceHandler::object_response(const ResourceRequest& request, int status,
                                                      const ObjectPtr& object,
                                                      const std::vector<std::string>& warnings) {
  HttpResponse response;
  response.status = status;
  if (request.path.subresource == "scale") {
    response.shared_body = std::shared_ptr<const std::string>(object, &object->text());
    set_content(response, false);
  } else {
    const ObjectEncoder encoder = TRY(this->encoder(request));
    response.shared_body = TRY(encoder.one(object));
    set_content(response, encoder.yaml());
  }
  for (const std::string& warning : warnings) add_warning(response, warning);
  return response;
}

Result<HttpResponse> ResourceHandler::get(const ResourceRequest& request) {
  const ResourceRef ref = request.ref();
  const ObjectPtr object =
      TRY(request.path.subresource == "scale" ? service_.get_scale(ref) : service_.get(ref));
  return object_response(request, 200, object, {});
}

Result<HttpResponse> ResourceHandler::list(const ResourceRequest& request) {
  const ObjectEncoder encoder = TRY(this->encoder(request));
  const ListRequest wanted = TRY(parse_list_request(request.target, *request.kind));
  std::string inconsistent_token;
  auto listed =
      lister_.list(request.kind->stored_id(), request.path.ns, wanted, &inconsistent_token);
  if (!listed.ok()) {
    if (inconsistent_token.empty()) return std::move(listed).error();
    Json status = failure_status(listed.error(), request.subject());
    status["metadata"]["continue"] = inconsistent_token;
    return json_response(410, status);
  }
  Json metadata = {{"resourceVersion", std::to_string(listed->revision)}};
  if (!listed->continue_token.empty()) metadata["continue"] = listed->continue_token;
  if (listed->remaining) metadata["remainingItemCount"] = *listed->remaining;
  HttpResponse response;
  response.body = TRY(encoder.list(listed->items, metadata));
  set_content(response, encoder.yaml());
  return response;
}

Result<void> ResourceHandler::watch(const ResourceRequest& request) {
  ObjectEncoder encoder = TRY(this->encoder(request));
  RequestTarget target = request.target;
  if (!request.path.name.empty()) {
    target.query.emplace_back("fieldSelector", "metadata.name=" + request.path.name);
  }
  ListRequest wanted = TRY(parse_list_request(target, *request.kind));
  wanted.watch = true;
  auto source =
      TRY(WatchSource::start(service_.cache(), service_.clock(), request.kind->stored_id(),
                             request.path.ns, std::move(wanted), std::move(encoder), limits_));
  HttpResponse head;
  head.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-cache, private"}};
  if (const std::string warning = deprecation(request); !warning.empty()) {
    add_warning(head, warning);
  }
  request.exchange->stream(std::move(head), std::move(source));
  return {};
}

Result<Json> ResourceHandler::decode(const ResourceRequest& request, WriteOptions& options) {
  DecodedBody body = TRY(decode_body(request.http().header("content-type"), request.http().body));
  if (body.duplicates.empty() || options.field_validation == FieldValidation::kIgnore) {
    return std::move(body.value);
  }
  std::string list;
  for (const std::string& path : body.duplicates) {
    const std::string text = "duplicate field \"" + path + "\"";
    if (options.field_validation == FieldValidation::kWarn) options.warnings->push_back(text);
    list += (list.empty() ? "" : ", ") + text;
  }
  if (options.field_validation == FieldValidation::kWarn) return std::move(body.value);
  const std::string& kind = request.kind->id.kind;
  return Error::invalid(kind + " in version \"" + request.version->name +
                        "\" cannot be handled as a " + kind + ": strict decoding error: " + list);
}

Result<HttpResponse> ResourceHandler::create(const ResourceRequest& request) {
  std::vector<std::string> warnings;
  WriteOptions options = TRY(write_options(request));
  options.warnings = &warnings;
  Json object = TRY(decode(request, options));
  const ObjectPtr created = TRY(service_.create(request.ref(), std::move(object), options));
  return object_response(request, 201, created, warnings);
}

Result<HttpResponse> ResourceHandler::update(const ResourceRequest& request) {
  std::vector<std::string> warnings;
  WriteOptions options = TRY(write_options(request));
  options.warnings = &warnings;
  Json object = TRY(decode(request, options));
  const ObjectPtr updated = TRY(service_.update(request.ref(), std::move(object), options));
  return object_response(request, 200, updated, warnings);
}

Result<HttpResponse> ResourceHandler::patch(const ResourceRequest& request) {
  std::vector<std::string> warnings;
  const PatchType type = TRY(patch_type(request.http().header("content-type")));
  if (type == PatchType::kStrategicMerge && !request.kind->builtin) {
    return Error{Code::kUnimplemented,
                 "the body of the request was in an unknown format - accepted media types "
                 "include: application/json-patch+json, application/merge-patch+json, "
                 "application/apply-patch+yaml",
                 {},
                 {}};
  }
  WriteOptions options = TRY(write_options(request));
  options.warnings = &warnings;
  if (type == PatchType::kApply && request.target.get("fieldManager").empty()) {
    return invalid_object({"meta.k8s.io", "PatchOptions"}, "",
                          {field_required("fieldManager", "is required for apply patch")});
  }
  if (type != PatchType::kApply && request.target.find("force") != nullptr) {
    return invalid_object({"meta.k8s.io", "PatchOptions"}, "",
                          {field_forbidden("force", "may not be specified for non-apply patch")});
  }
  const Json body = TRY(decode(request, options));
  bool created = false;
  const ObjectPtr patched = TRY(service_.patch(request.ref(), type, body, options, &created));
  return object_response(request, created ? 201 : 200, patched, warnings);
}

Result<HttpResponse> ResourceHandler::remove(const ResourceRequest& request) {
  const DeleteOptions options = TRY(delete_options(request));
  bool removed = false;
  const ObjectPtr last = TRY(service_.remove(request.ref(), options, &removed));
  if (!removed) return object_response(request, 200, last, {});
  return json_response(200, success_status(request.subject(), last->meta().uid));
}

Result<HttpResponse> ResourceHandler::remove_collection(const ResourceRequest& request) {
  const ObjectEncoder encoder = TRY(this->encoder(request));
  const DeleteOptions options = TRY(delete_options(request));
  const ListRequest wanted = TRY(parse_list_request(request.target, *request.kind));
  const ListPage page =
      TRY(lister_.list(request.kind->stored_id(), request.path.ns, wanted, nullptr));
  for (const ObjectPtr& object : page.items) {
    const ResourceRef ref{request.kind, request.version->name, object->meta().ns,
                          object->meta().name};
    const auto removed = service_.remove(ref, options, nullptr);
    if (!removed.ok() && removed.code() != Code::kNotFound) return removed.error();
  }
  HttpResponse response;
  response.body =
      TRY(encoder.list(page.items, {{"resourceVersion", std::to_string(page.revision)}}));
  set_content(response, encoder.yaml());
  return response;
}

}  // namespace capstan
