// Cases about texts: whatever stands in a request, the answer keeps the rules.
#include "sdk/conformance/bench.h"
#include "sdk/conformance/case.h"

namespace capstan::conformance {
namespace {

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

// Gives what is wrong with the answers of reconcile and admit; their codes go to `codes`.
std::string ask_both(Bench& bench, std::string_view text, Json& codes) {
  Provider& provider = bench.provider();
  const auto judged = [&](const char* function, const ProviderReply& reply) {
    codes.push_back(code_name(reply.status));
    const std::string broken = complaint(reply, bench.subject());
    return broken.empty() ? "" : function + broken;
  };
  std::string broken = judged("reconcile ", provider.reconcile(a_call(), text));
  if (broken.empty()) broken = judged("admit ", provider.admit(a_call(), text, ""));
  if (broken.empty()) broken = judged("admit ", provider.admit(a_call(), text, text));
  return broken;
}

struct Text {
  const char* what;
  std::string text;
};

// `texts` makes them of a valid request.
Finding ask_all(const CaseInput& input, std::vector<Text> (*texts)(const std::string&)) {
  return with_object(input, [&](Bench& bench, const ObjectKey& key) {
    Json codes = Json::array();
    for (const Text& text : texts(bench.request(key))) {
      const std::string broken = ask_both(bench, text.text, codes);
      if (!broken.empty()) return failed(std::string("given ") + text.what + ": " + broken);
    }
    // And it still works.
    const auto complaints = complaints_of(bench.call(key), bench);
    if (!complaints.empty()) return failed("afterwards: " + complaints.front());
    return passed(std::move(codes));
  });
}

std::vector<Text> malformed(const std::string& request) {
  std::string cut = request.substr(0, request.size() / 2);
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

std::vector<Text> mistyped(const std::string& request) {
  const Json valid = Json::parse(request);
  std::vector<Text> out;
  for (const char* member : {"object", "cluster", "owner", "bootstrapSecret", "relations", "now"}) {
    for (const Json& value : {Json(), Json(7), Json("text"), Json::array(), Json::object()}) {
      Json changed = valid;
      changed[member] = value;
      out.push_back({member, dump_json(changed)});
    }
  }
  for (const char* path : {"/object/metadata", "/object/spec", "/object/status",
                           "/object/metadata/name", "/object/metadata/finalizers",
                           "/object/metadata/ownerReferences", "/object/status/conditions"}) {
    for (const Json& value : {Json(), Json(7), Json("text"), Json::array({1}), Json::object()}) {
      Json changed = valid;
      if (std::string(path).starts_with("/object/status/")) changed["object"]["status"] = {};
      changed[Json::json_pointer(path)] = value;
      out.push_back({path, dump_json(changed)});
    }
  }
  return out;
}

std::vector<Text> huge(const std::string& request) {
  Json big = Json::parse(request);
  Json many = big;
  big["object"]["metadata"]["annotations"]["big"] = std::string(4 << 20, 'x');
  for (int i = 0; i < 20000; ++i) {
    many["object"]["metadata"]["labels"]["label-" + std::to_string(i)] = "v";
  }
  return {{"an annotation of 4 MiB", dump_json(big)}, {"20,000 labels", dump_json(many)}};
}

std::vector<Text> deep(const std::string& request) {
  std::vector<Text> out;
  for (const size_t levels : {90u, 1000u, 50000u}) {
    std::string outer = request;
    outer.insert(1, "\"deep\":" + std::string(levels, '[') + std::string(levels, ']') + ",");
    out.push_back({"lists in lists", std::move(outer)});
    const std::string spec =
        "\"spec\":{\"deep\":" + std::string(levels, '[') + std::string(levels, ']') + "},";
    const size_t object = request.find("\"object\":{");
    std::string inner = request;
    inner.insert(object + 10, spec);
    out.push_back({"lists in lists in spec", std::move(inner)});
  }
  return out;
}

std::vector<Text> not_utf8(const std::string& request) {
  std::vector<Text> out;
  for (const char* bytes : {"\xff\xfe", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\x80"}) {
    Json marked = Json::parse(request);
    marked["object"]["metadata"]["annotations"]["text"] = "MARK";
    marked["object"]["spec"]["text"] = "MARK";
    std::string text = dump_json(marked);
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
  return with_object(input, [&](Bench& bench, const ObjectKey& key) {
    const std::string request = bench.request(key);
    Json more = Json::parse(request);
    more["laterMember"] = {{"a", Json::array({1, 2, 3})}};
    const ProviderReply plain = bench.provider().reconcile(a_call(), request);
    const ProviderReply later = bench.provider().reconcile(a_call(), dump_json(more));
    const std::string given = "given a member of a later revision";
    const std::string broken = complaint(later, input.subject);
    if (!broken.empty()) return failed(given + ": " + broken);
    return no_complaint(later.status == plain.status
                            ? ""
                            : given + " it gives " + std::string(code_name(later.status)) +
                                  " instead of " + std::string(code_name(plain.status)));
  });
}

// What the plugin does not know is somebody else's.
Finding foreign_fields(const CaseInput& input) {
  const Json foreign = {{"metadata",
                         {{"annotations", {{"example.com/note", "keep"}}},
                          {"labels", {{"example.com/team", "blue"}}},
                          {"finalizers", {"example.com/guard"}}}}};
  return with_object(
      input,
      [&](Bench& bench, const ObjectKey& key) {
        (void)bench.settle(key);
        const ObjectPtr object = bench.get(key);
        if (object == nullptr) return failed("the object is gone");
        const Metadata& meta = object->meta();
        const bool owned = input.entry->role != ProviderRole::kResource;
        return no_complaint(
            meta.annotation("example.com/note") != "keep" ? "a foreign annotation is gone"
            : meta.label("example.com/team") != "blue"    ? "a foreign label is gone"
            : !meta.has_finalizer("example.com/guard")    ? "a foreign finalizer is gone"
            : owned && meta.owner_references.empty()      ? "the owner reference is gone"
                                                          : "");
      },
      foreign);
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
