#include "runtime/plugin/plugin_admission.h"

namespace capstan {
namespace {

// "/spec/greeting" -> "spec.greeting", "/spec/taints/0/key" -> "spec.taints[0].key".
std::string field_path(const std::string& pointer) {
  std::string out;
  for (size_t start = 1; start < pointer.size();) {
    const size_t end = std::min(pointer.find('/', start), pointer.size());
    const std::string step = pointer.substr(start, end - start);
    start = end + 1;
    if (!step.empty() && step.find_first_not_of("0123456789") == std::string::npos) {
      out += "[" + step + "]";
    } else {
      out += (out.empty() ? "" : ".") + step;
    }
  }
  return out;
}

Error refusal(const ProviderReply& reply, const std::string& plugin) {
  Error error = reply.error(plugin);
  for (FieldError& field : error.fields) field.field = field_path(field.field);
  // What the plugin refuses is the writer's to correct; what fails in the plugin is not.
  if (error.code == Code::kInvalid && error.fields.empty()) {
    error.fields.push_back({"", "FieldValueInvalid", error.message});
  }
  return error;
}

}  // namespace

PluginAdmission::PluginAdmission(const PluginRegistry& registry, Clock& clock, Duration timeout,
                                 const Tracer* tracer)
    : registry_(registry), clock_(clock), timeout_(timeout), tracer_(tracer) {}

Result<void> PluginAdmission::admit(const Kind& kind, Json& object, const Json* old) {
  for (Provider* provider : registry_.admitting(kind.id)) TRY(ask(*provider, object, old));
  return {};
}

Result<void> PluginAdmission::ask(Provider& provider, Json& object, const Json* old) {
  const std::string text = dump_json(object);
  const std::string old_text = old == nullptr ? "" : dump_json(*old);
  const std::string uid = get_string(object, {"metadata", "uid"});
  ActiveSpan span(tracer_, "admit");
  span.attribute("capstan.plugin", provider.name());
  ProviderCall call;
  call.deadline = clock_.monotonic() + timeout_;
  call.key = uid;
  call.trace_id = span.trace_id();
  const ProviderReply reply = provider.admit(call, text, old_text);
  if (reply.status != Code::kOk && span.recorded()) {
    span.failed(reply.status, reply.error(provider.name()).message);
  }
  if (reply.status == Code::kUnimplemented) return {};
  if (reply.status != Code::kOk) return refusal(reply, provider.name());
  if (reply.text.empty()) return {};
  const auto defaults = parse_json(reply.text);
  if (!defaults.ok() || !defaults->is_object()) {
    return Error::internal("plugin \"" + provider.name() +
                           "\" gave defaults that are no JSON object");
  }
  merge_patch(object, *defaults);
  return {};
}

}  // namespace capstan
