// Cases about texts: whatever stands in a request, the answer keeps the rules.
#include "sdk/conformance/bench.h"
#include "sdk/conformance/case.h"

namespace capstan::conformance {
namespace {

// Activated, with a valid request of the kind.
struct Ready {
  std::unique_ptr<Bench> bench;
  ObjectKey key;
  std::string request;
};

Result<Ready> ready(const CaseInput& input) {
  Ready out;
  out.bench = TRY(Bench::make(input.subject, *input.entry));
  out.key = TRY(out.bench->add("payload"));
  out.request = out.bench->request(out.key);
  return out;
}

// "" where the answer to a text keeps the rules, whatever it is.
std::string complaint(const ProviderReply& reply, const Subject& subject) {
  const std::string broken = misbehaviour(reply, subject);
  if (!broken.empty()) return broken;
  if (!reply.text.empty()) {
    const auto json = parse_json(reply.text);
    if (!json.ok()) return "wrote what is no JSON: " + json.error().message;
    if (!json->is_object()) return "wrote JSON that is no object";
  }
  // What is not offered cannot say why.
  const bool silent = reply.status != Code::kOk && reply.status != Code::kUnimplemented;
  if (silent && reply.diagnostics.empty()) {
    return "failed with " + std::string(code_name(reply.status)) + " and no diagnostic says why";
  }
  return "";
}

ProviderCall a_call() {
  ProviderCall call;
  call.deadline = SystemClock().monotonic() + std::chrono::seconds(10);
  call.key = "uid-payload";
  return call;
}

std::string ask_both(const Ready& ready, std::string_view text) {
  Provider& provider = ready.bench->provider();
  const Subject& subject = ready.bench->subject();
  std::string broken = complaint(provider.reconcile(a_call(), text), subject);
  if (!broken.empty()) return "reconcile " + broken;
  broken = complaint(provider.admit(a_call(), text, ""), subject);
  if (broken.empty()) broken = complaint(provider.admit(a_call(), text, text), subject);
  return broken.empty() ? "" : "admit " + broken;
}

struct Text {
  const char* what;
  std::string text;
};

Finding ask_all(const CaseInput& input, std::vector<Text> (*texts)(const Ready&)) {
  auto start = ready(input);
  if (!start.ok()) return skipped(start.error().message);
  for (const Text& text : texts(*start)) {
    const std::string broken = ask_both(*start, text.text);
    if (!broken.empty()) return failed(std::string("given ") + text.what + ": " + broken);
  }
  // And it still works.
  const Step step = start->bench->call(start->key);
  const auto complaints = complaints_of(step, *start->bench);
  return complaints.empty() ? passed() : failed("afterwards: " + complaints.front());
}

std::vector<Text> malformed(const Ready& ready) {
  std::string cut = ready.request.substr(0, ready.request.size() / 2);
  return {{"an empty text", ""},
          {"white space", "  \n\t "},
          {"no JSON", "this is no JSON"},
          {"half of a request", std::move(cut)},
          {"a number", "42"},
          {"null", "null"},
          {"a list", "[]"},
          {"an empty object", "{}"},
          {"two objects", "{}{}"},
          {"a zero byte", std::string("{\"object\":{\"a\":\"\0\"}}", 21)}};
}

std::vector<Text> mistyped(const Ready& ready) {
  const Json request = Json::parse(ready.request);
  std::vector<Text> out;
  for (const char* member : {"object", "cluster", "owner", "bootstrapSecret", "relations", "now"}) {
    for (const Json& value : {Json(), Json(7), Json("text"), Json::array(), Json::object()}) {
      Json changed = request;
      changed[member] = value;
      out.push_back({member, dump_json(changed)});
    }
  }
  for (const char* path : {"/object/metadata", "/object/spec", "/object/status",
                           "/object/metadata/name", "/object/metadata/finalizers",
                           "/object/metadata/ownerReferences", "/object/status/conditions"}) {
    for (const Json& value : {Json(), Json(7), Json("text"), Json::array({1}), Json::object()}) {
      Json changed = request;
      if (std::string(path).starts_with("/object/status/")) changed["object"]["status"] = {};
      changed[Json::json_pointer(path)] = value;
      out.push_back({path, dump_json(changed)});
    }
  }
  return out;
}

std::vector<Text> huge(const Ready& ready) {
  Json request = Json::parse(ready.request);
  Json many = request;
  request["object"]["metadata"]["annotations"]["big"] = std::string(4 << 20, 'x');
  for (int i = 0; i < 20000; ++i) {
    many["object"]["metadata"]["labels"]["label-" + std::to_string(i)] = "v";
  }
  return {{"an annotation of 4 MiB", dump_json(request)}, {"20,000 labels", dump_json(many)}};
}

std::vector<Text> deep(const Ready& ready) {
  std::vector<Text> out;
  for (const size_t levels : {90u, 1000u, 50000u}) {
    std::string request = ready.request;
    request.insert(1, "\"deep\":" + std::string(levels, '[') + std::string(levels, ']') + ",");
    out.push_back({"lists in lists", request});
    const std::string spec =
        "\"spec\":{\"deep\":" + std::string(levels, '[') + std::string(levels, ']') + "},";
    const size_t object = ready.request.find("\"object\":{");
    std::string inner = ready.request;
    inner.insert(object + 10, spec);
    out.push_back({"lists in lists in spec", inner});
  }
  return out;
}

std::vector<Text> not_utf8(const Ready& ready) {
  std::vector<Text> out;
  for (const char* bytes : {"\xff\xfe", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\x80"}) {
    Json request = Json::parse(ready.request);
    request["object"]["metadata"]["annotations"]["text"] = "MARK";
    request["object"]["spec"]["text"] = "MARK";
    std::string text = dump_json(request);
    for (size_t at; (at = text.find("MARK")) != std::string::npos;) text.replace(at, 4, bytes);
    out.push_back({"bytes that are no UTF-8", std::move(text)});
  }
  return out;
}

Finding malformed_case(const CaseInput& input) {
  return ask_all(input, &malformed);
}
Finding mistyped_case(const CaseInput& input) {
  return ask_all(input, &mistyped);
}
Finding huge_case(const CaseInput& input) {
  return ask_all(input, &huge);
}
Finding deep_case(const CaseInput& input) {
  return ask_all(input, &deep);
}
Finding not_utf8_case(const CaseInput& input) {
  return ask_all(input, &not_utf8);
}

// A later host sends more.
Finding later_members(const CaseInput& input) {
  auto start = ready(input);
  if (!start.ok()) return skipped(start.error().message);
  Provider& provider = start->bench->provider();
  Json more = Json::parse(start->request);
  more["laterMember"] = {{"a", Json::array({1, 2, 3})}};
  const ProviderReply plain = provider.reconcile(a_call(), start->request);
  const ProviderReply later = provider.reconcile(a_call(), dump_json(more));
  const std::string broken = complaint(later, input.subject);
  if (!broken.empty()) return failed("given a member of a later revision: " + broken);
  return later.status == plain.status
             ? passed()
             : failed("given a member of a later revision it gives " +
                      std::string(code_name(later.status)) + " instead of " +
                      std::string(code_name(plain.status)));
}

// What the plugin does not know is somebody else's.
Finding foreign_fields(const CaseInput& input) {
  auto bench = Bench::make(input.subject, *input.entry);
  if (!bench.ok()) return skipped(bench.error().message);
  const auto key = (*bench)->add("foreign", {{"metadata",
                                              {{"annotations", {{"example.com/note", "keep"}}},
                                               {"labels", {{"example.com/team", "blue"}}},
                                               {"finalizers", {"example.com/guard"}}}}});
  if (!key.ok()) return skipped(key.error().message);
  (void)(*bench)->settle(*key);
  const ObjectPtr object = (*bench)->get(*key);
  if (object == nullptr) return failed("the object is gone");
  const Metadata& meta = object->meta();
  if (meta.annotation("example.com/note") != "keep") return failed("a foreign annotation is gone");
  if (meta.label("example.com/team") != "blue") return failed("a foreign label is gone");
  if (!meta.has_finalizer("example.com/guard")) return failed("a foreign finalizer is gone");
  const bool owned = input.entry->role != ProviderRole::kResource;
  return owned && meta.owner_references.empty() ? failed("the owner reference is gone") : passed();
}

}  // namespace

std::vector<Case> payload_cases() {
  return {
      {"payload-malformed", 2, Scope::kKind, "survives texts that are no request",
       "conventions 7 and 8", malformed_case},
      {"payload-mistyped", 3, Scope::kKind, "survives members and fields of other types",
       "convention 8", mistyped_case},
      {"payload-later-members", 3, Scope::kKind, "ignores members that it does not know",
       "convention 2; ext/reconcile.h", later_members},
      {"payload-foreign-fields", 4, Scope::kKind,
       "keeps labels, annotations, finalizers and owners of others", "ext/reconcile.h: patch",
       foreign_fields},
      {"payload-huge", 4, Scope::kKind, "survives objects of megabytes", "convention 8", huge_case},
      {"payload-not-utf8", 5, Scope::kKind, "survives bytes that are no UTF-8", "convention 7",
       not_utf8_case},
      {"payload-deep", 6, Scope::kKind, "survives objects of any depth", "convention 8", deep_case},
  };
}

}  // namespace capstan::conformance
