#include "runtime/object/conversion.h"

#include <optional>

#include "runtime/object/conversion_remainder.h"
#include "runtime/object/conversion_shape.h"
#include "runtime/object/conversion_step.h"
#include "runtime/object/object_key.h"

namespace capstan {

namespace {

// Cluster API's own annotation, in its form: the object as JSON, without metadata.
constexpr char kHubData[] = "cluster.x-k8s.io/conversion-data";
constexpr char kSpokeDataPrefix[] = "capstan.dev/conversion-data-";

std::string object_name(const Json& object) {
  const auto version = GroupVersion::parse(get_string(object, {"apiVersion"}));
  const std::string ns = get_string(object, {"metadata", "namespace"});
  return get_string(object, {"kind"}, "object") +
         (version.group.empty() ? "" : "." + version.group) + " " + (ns.empty() ? "" : ns + "/") +
         get_string(object, {"metadata", "name"}, "(no name)");
}

// Takes what an annotation keeps out of the object. What is no JSON is dropped like the annotation:
// someone else wrote it, and the object is as good without.
std::optional<Json> take_annotation(Json& object, const std::string& name) {
  Json* metadata = object.contains("metadata") ? &object["metadata"] : nullptr;
  if (metadata == nullptr || !metadata->is_object()) return std::nullopt;
  const auto annotations = metadata->find("annotations");
  if (annotations == metadata->end() || !annotations->is_object()) return std::nullopt;
  const auto found = annotations->find(name);
  if (found == annotations->end()) return std::nullopt;
  std::optional<Json> kept;
  if (found->is_string()) {
    Result<Json> parsed = parse_json(found->get_ref<const std::string&>());
    if (parsed.ok() && parsed->is_object()) kept = std::move(*parsed);
  }
  annotations->erase(found);
  if (annotations->empty()) metadata->erase(annotations);
  return kept;
}

void put_annotation(Json& object, const std::string& name, const Json& kept) {
  make(object, {"metadata", "annotations", name}) = dump_json(kept);
}

Json without_common_fields(const Json& object) {
  Json body = Json::object();
  for (const auto& [name, value] : object.items()) {
    if (name != "apiVersion" && name != "kind" && name != "metadata") body[name] = value;
  }
  return body;
}

}  // namespace

struct Converter::Spoke {
  std::string api_version;
  std::string version;
  std::string annotation;  // on the hub's objects, with what the hub cannot say
  ConversionSteps steps;
  ConversionShape spoke_shape;
  ConversionShape hub_shape;

  // The steps alone, without anything kept. `ns` is the object's: a kept object has no metadata.
  Result<Json> up(Json object, std::string_view hub, std::string_view ns,
                  const VersionOf& version_of) const {
    drop_foreign_fields(object, spoke_shape);
    TRY(steps.apply(object, {Direction::kToHub, ns, version, version_of}));
    tidy_converted(object, hub_shape);
    object["apiVersion"] = hub;
    return object;
  }

  Result<Json> down(Json object, std::string_view ns, const VersionOf& version_of) const {
    drop_foreign_fields(object, hub_shape);
    TRY(steps.apply(object, {Direction::kFromHub, ns, version, version_of}));
    tidy_converted(object, spoke_shape);
    object["apiVersion"] = api_version;
    return object;
  }
};

Converter::Converter() = default;
Converter::Converter(Converter&&) noexcept = default;
Converter& Converter::operator=(Converter&&) noexcept = default;
Converter::~Converter() = default;

Result<Converter> Converter::create(const Json& rules) {
  Converter converter;
  converter.hub_ = get_string(rules, {"hub"});
  const Json* spokes = find(rules, {"spokes"});
  if (converter.hub_.empty() || spokes == nullptr || !spokes->is_object()) {
    return Error::invalid("conversion rules: expected `hub` and `spokes`; compile the kind again");
  }
  for (const auto& [api_version, compiled] : spokes->items()) {
    if (!compiled.is_object()) return Error::invalid("conversion rules: a spoke must be an object");
    auto spoke = std::make_unique<Spoke>();
    spoke->api_version = api_version;
    spoke->version = GroupVersion::parse(api_version).version;
    spoke->annotation = kSpokeDataPrefix + spoke->version;
    spoke->steps = TRY(ConversionSteps::create(compiled.value("steps", Json())));
    spoke->spoke_shape = TRY(ConversionShape::create(compiled.value("spokeShape", Json())));
    spoke->hub_shape = TRY(ConversionShape::create(compiled.value("hubShape", Json())));
    converter.spokes_.emplace(api_version, std::move(spoke));
  }
  return converter;
}

Result<Json> Converter::convert(Json object, std::string_view api_version,
                                const VersionOf& version_of) const {
  if (!object.is_object()) return Error::invalid("expected an object to convert");
  const std::string from = get_string(object, {"apiVersion"});
  if (from == api_version) return object;
  const std::string name = object_name(object);
  const auto explain = [&](Error error) {
    const std::string field = error.fields.empty() ? "" : error.fields.front().field + ": ";
    error.message = name + " cannot become " + std::string(api_version) + ": " + field +
                    error.message + "; correct the field";
    return error;
  };
  const auto source = spokes_.find(from);
  const auto target = spokes_.find(api_version);
  if ((source == spokes_.end() && from != hub_) ||
      (target == spokes_.end() && api_version != hub_)) {
    return Error::invalid(name + ": there is no conversion from " + from + " to " +
                          std::string(api_version) + "; use a version that the kind serves");
  }
  if (source != spokes_.end()) {
    Result<Json> hub = to_hub(*source->second, std::move(object), version_of);
    if (!hub.ok()) return explain(std::move(hub).error());
    object = std::move(*hub);
  }
  if (target != spokes_.end()) {
    Result<Json> spoke = from_hub(*target->second, std::move(object), version_of);
    if (!spoke.ok()) return explain(std::move(spoke).error());
    object = std::move(*spoke);
  }
  return object;
}

Result<Json> Converter::to_hub(const Spoke& spoke, Json object, const VersionOf& version_of) const {
  const std::string ns = get_string(object, {"metadata", "namespace"});
  const std::optional<Json> kept = take_annotation(object, kHubData);
  Json hub = TRY(spoke.up(object, hub_, ns, version_of));
  if (kept) {
    // What the kept object would have come back as; the rest of it is what got lost on the way.
    Result<Json> there = spoke.down(*kept, ns, version_of);
    Result<Json> back = there.ok() ? spoke.up(std::move(*there), hub_, ns, version_of)
                                   : Result<Json>(std::move(there).error());
    if (back.ok()) {
      put_remainder_back(hub, find_remainder(*back, *kept, spoke.hub_shape), spoke.hub_shape);
    }
  }
  const Json back = TRY(spoke.down(hub, ns, version_of));
  const Json remainder = find_remainder(back, object, spoke.spoke_shape);
  if (!remainder.is_null()) put_annotation(hub, spoke.annotation, remainder);
  return hub;
}

Result<Json> Converter::from_hub(const Spoke& spoke, Json object,
                                 const VersionOf& version_of) const {
  const std::string ns = get_string(object, {"metadata", "namespace"});
  const std::optional<Json> remainder = take_annotation(object, spoke.annotation);
  Json result = TRY(spoke.down(object, ns, version_of));
  if (remainder) put_remainder_back(result, *remainder, spoke.spoke_shape);
  const Result<Json> back = spoke.up(result, hub_, ns, version_of);
  if (!back.ok() || !find_remainder(*back, object, spoke.hub_shape).is_null()) {
    put_annotation(result, kHubData, without_common_fields(object));
  }
  return result;
}

}  // namespace capstan
