#include "runtime/api/api_handler.h"

#include "runtime/api/answer.h"
#include "runtime/api/openapi_v2.h"
#include "runtime/api/request_body.h"
#include "runtime/api/self_reviews.h"

namespace capstan {
namespace {

HttpResponse text_response(int status, std::string text) {
  HttpResponse response;
  response.status = status;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"},
                      {"X-Content-Type-Options", "nosniff"}};
  response.body = std::move(text);
  return response;
}

Json version_document(const std::string& git_version) {
  // "v1.34.2+capstan" -> "1", "34"
  const size_t dot = git_version.find('.');
  return {{"major", git_version.substr(1, dot - 1)},
          {"minor", git_version.substr(dot + 1, git_version.find('.', dot + 1) - dot - 1)},
          {"gitVersion", git_version},
          {"gitCommit", ""},
          {"gitTreeState", "clean"},
          {"buildDate", "1970-01-01T00:00:00Z"},
          {"goVersion", ""},
          {"compiler", "c++"},
          {"platform", "linux/amd64"}};
}

bool is_discovery_path(const std::string& path) {
  if (path == "/api" || path == "/apis") return true;
  const auto slashes = std::count(path.begin(), path.end(), '/');
  return (path.starts_with("/api/") && slashes == 2) ||
         (path.starts_with("/apis/") && slashes <= 3);
}

// What every authenticated user may do: look at what there is.
bool is_public_document(const std::string& path) {
  return is_discovery_path(path) || path.starts_with("/openapi/") || path == "/version";
}

Error forbidden(const ApiUser& user, const RequestTarget& target, const std::string& method) {
  Error error;
  error.code = Code::kPermissionDenied;
  const std::string who = "User \"" + user.name + "\" cannot ";
  const auto path = parse_resource_path(target.path);
  if (!path) {
    error.message =
        "forbidden: " + who + (method == "GET" ? "get" : method) + " path \"" + target.path + "\"";
    return error;
  }
  const std::string resource =
      path->group.empty() ? path->resource : path->resource + "." + path->group;
  error.message =
      resource + (path->name.empty() ? "" : " \"" + path->name + "\"") + " is forbidden: " + who +
      verb_of(method, *path, target) + " resource \"" + path->resource + "\" in API group \"" +
      path->group + "\"" +
      (path->ns.empty() ? " at the cluster scope" : " in the namespace \"" + path->ns + "\"");
  return error;
}

Error too_many_requests() {
  return {Code::kResourceExhausted,
          "the server has received too many requests and has asked us to try again later",
          {},
          std::chrono::milliseconds(1000)};
}

}  // namespace

ApiHandler::ApiHandler(EventLoop& loop, ResourceService& service, ApiHandlerOptions options)
    : loop_(loop),
      service_(service),
      options_(std::move(options)),
      routes_(options_.routes),
      discovery_(service.kinds()),
      openapi_(service.kinds(), service.cache(), options_.nonce),
      resources_(service, options_.watch) {}

void ApiHandler::handle(HttpExchangePtr exchange) {
  MeasuredExchange* measured = nullptr;
  if (options_.requests != nullptr) {
    auto counted = options_.requests->measure(std::move(exchange));
    measured = counted.get();
    exchange = std::move(counted);
  }
  auto target = parse_request_target(exchange->request().target);
  if (!target.ok()) return exchange->respond(failure_response(target.error()));
  if (answer_open_path(exchange, *target)) return;
  auto user = options_.authenticator.authenticate(exchange->request());
  if (!user.ok() || user->is_anonymous()) {
    HttpResponse response = failure_response(401, "Unauthorized", "Unauthorized");
    if (!user.ok()) {
      response = failure_response(401, "Unauthorized", "Unauthorized: " + user.error().message);
    }
    return exchange->respond(std::move(response));
  }
  answer_user(std::move(exchange), std::move(*target), std::move(*user), measured);
}

bool ApiHandler::wants_body(const HttpRequest& head) {
  const auto user = options_.authenticator.authenticate(head);
  return user.ok() && !user->is_anonymous();
}

bool ApiHandler::answer_open_path(const HttpExchangePtr& exchange, const RequestTarget& target) {
  const std::string& path = target.path;
  if (path == "/healthz" || path == "/livez") {
    exchange->respond(text_response(200, "ok"));
  } else if (path == "/readyz") {
    const Result<void> ready = options_.ready ? options_.ready() : Result<void>();
    exchange->respond(ready.ok() ? text_response(200, "ok")
                                 : text_response(503, ready.error().message + "\n"));
  } else if (path == "/version") {
    exchange->respond(json_response(200, version_document(options_.git_version)));
  } else {
    return false;
  }
  return true;
}

void ApiHandler::answer_user(HttpExchangePtr exchange, RequestTarget target, ApiUser user,
                             MeasuredExchange* measured) {
  const std::string method = exchange->request().method;
  if (const std::string kind = self_review_kind(target.path); !kind.empty() && method == "POST") {
    return answer_review(exchange, kind, user);
  }
  if (!user.is_admin() && !(method == "GET" && is_public_document(target.path))) {
    return exchange->respond(failure_response(forbidden(user, target, method)));
  }
  if (const auto route = routes_.find(method, target.path)) {
    return (*route->handler)(std::move(exchange),
                             {route->parts, std::move(target), std::move(user)});
  }
  if (method == "GET" && answer_document(exchange, target)) return;
  const auto path = parse_resource_path(target.path);
  if (!path) return exchange->respond(not_found_response());
  ResourceRequest request;
  request.kind = service_.kinds().find_resource(path->group, path->resource);
  if (request.kind != nullptr) request.version = request.kind->version(path->version);
  const bool served = request.version != nullptr && request.version->served;
  // A namespaced object has a namespace in its path; a list may be of all namespaces.
  const bool fits = served && (request.kind->namespaced
                                   ? !path->ns.empty() || (path->name.empty() && method == "GET")
                                   : path->ns.empty());
  if (!fits) return exchange->respond(not_found_response());
  request.exchange = std::move(exchange);
  request.target = std::move(target);
  request.path = std::move(*path);
  request.user = std::move(user);
  if (measured != nullptr) measured->describe(labels_of(request));
  answer_resource(std::move(request));
}

bool ApiHandler::answer_document(const HttpExchangePtr& exchange, const RequestTarget& target) {
  const std::string& path = target.path;
  if (path == "/metrics" && options_.metrics != nullptr) {
    run_blocking(exchange, [this, exchange] { answer_metrics(exchange); });
  } else if (is_discovery_path(path)) {
    answer_discovery(exchange, path);
  } else if (path.starts_with("/openapi/v3")) {
    run_blocking(exchange, [this, exchange, path] { answer_openapi(exchange, path); });
  } else if (path == "/openapi/v2") {
    run_blocking(exchange, [this, exchange] { answer_openapi_v2(exchange); });
  } else {
    return false;
  }
  return true;
}

void ApiHandler::answer_metrics(const HttpExchangePtr& exchange) {
  HttpResponse response = text_response(200, options_.metrics->text());
  response.headers.front().second = Exposition::kContentType;
  exchange->respond(compressed(std::move(response), exchange->request()));
}

void ApiHandler::answer_discovery(const HttpExchangePtr& exchange, const std::string& path) {
  const HttpRequest& request = exchange->request();
  const DiscoveryDocument document =
      discovery_.document(path, negotiate_discovery(request.header("accept")));
  if (document.body == nullptr) return exchange->respond(not_found_response());
  HttpResponse response;
  response.headers = {{"Content-Type", document.content_type},
                      {"ETag", document.etag},
                      {"Vary", "Accept"},
                      {"Cache-Control", "public"}};
  if (request.header("if-none-match") == document.etag) {
    response.status = 304;
  } else {
    response.shared_body = document.body;
  }
  exchange->respond(compressed(std::move(response), request));
}

void ApiHandler::answer_openapi(const HttpExchangePtr& exchange, const std::string& path) {
  constexpr std::string_view kRoot = "/openapi/v3";
  const HttpRequest& request = exchange->request();
  if (path == kRoot || path == "/openapi/v3/") {
    return exchange->respond(json_response(200, openapi_.index()));
  }
  const OpenApi::Document document = openapi_.document(path.substr(kRoot.size() + 1));
  if (document.body == nullptr) return exchange->respond(not_found_response());
  HttpResponse response;
  const std::string etag = "\"" + document.hash + "\"";
  // The address has the hash in it, so what is there never changes.
  response.headers = {{"Content-Type", "application/json"},
                      {"ETag", etag},
                      {"Vary", "Accept"},
                      {"Cache-Control", "public, immutable"}};
  if (request.header("if-none-match") == etag) {
    response.status = 304;
  } else {
    response.shared_body = document.body;
  }
  exchange->respond(compressed(std::move(response), request));
}

void ApiHandler::answer_openapi_v2(const HttpExchangePtr& exchange) {
  const HttpRequest& request = exchange->request();
  const bool protobuf = wants_openapi_protobuf(request.header("accept"));
  const std::vector<ServedGroup> groups = served_groups(service_.kinds());
  HttpResponse response;
  response.headers = {
      {"Content-Type", protobuf ? std::string(kOpenApiV2Protobuf) : "application/json"},
      {"Vary", "Accept"}};
  response.shared_body = std::make_shared<const std::string>(protobuf ? openapi_v2_protobuf(groups)
                                                                      : openapi_v2_json(groups));
  exchange->respond(compressed(std::move(response), request));
}

void ApiHandler::answer_review(const HttpExchangePtr& exchange, const std::string& kind,
                               const ApiUser& user) {
  const HttpRequest& request = exchange->request();
  auto body = decode_body(request.header("content-type"), request.body);
  if (!body.ok()) return exchange->respond(failure_response(body.error()));
  exchange->respond(json_response(201, answer_self_review(kind, std::move(body->value), user)));
}

void ApiHandler::answer_resource(ResourceRequest request) {
  if (resources_.is_quick(request)) return resources_.answer(request);
  const HttpExchangePtr exchange = request.exchange;
  auto held = std::make_shared<ResourceRequest>(std::move(request));
  run_blocking(exchange, [this, held = std::move(held)] { resources_.answer(*held); });
}

void ApiHandler::run_blocking(const HttpExchangePtr& exchange, std::function<void()> work) {
  {
    const std::scoped_lock lock(mutex_);
    ++running_;
  }
  const bool taken = loop_.run_blocking([this, work = std::move(work)] {
    work();
    end_blocking();
  });
  if (taken) return;
  end_blocking();
  exchange->respond(failure_response(too_many_requests()));
}

// With the lock to the end: the destructor may run right after it.
void ApiHandler::end_blocking() {
  const std::scoped_lock lock(mutex_);
  if (--running_ == 0) none_runs_.notify_all();
}

ApiHandler::~ApiHandler() {
  std::unique_lock lock(mutex_);
  none_runs_.wait(lock, [this] { return running_ == 0; });
}

}  // namespace capstan
