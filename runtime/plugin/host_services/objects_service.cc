#include <algorithm>

#include "runtime/plugin/host_services/services_tables.h"

namespace capstan::services {
namespace {

bool readable(const HostServicesOptions& options, const GroupKind& kind) {
  if (options.may_read && options.may_read(kind)) return true;
  spdlog::warn("[{}] asked for {} objects, which its manifest's needs.objects does not name",
               options.plugin, kind.text());
  return false;
}

capstan_status get(void* ctx, capstan_str api_version, capstan_str kind, capstan_str ns,
                   capstan_str name, const capstan_sink* out) {
  return guarded(ctx, CAPSTAN_EXT_OBJECTS, [&]() -> capstan_status {
    const HostServicesOptions& options = options_of(ctx);
    const ObjectKey key{
        {GroupVersion::parse(view(api_version)).group, string(kind)}, string(ns), string(name)};
    if (!readable(options, key.kind)) return CAPSTAN_PERMISSION_DENIED;
    const ObjectPtr object = options.objects->get(key);
    if (object == nullptr) return CAPSTAN_NOT_FOUND;
    write(out, object->text());
    return CAPSTAN_OK;
  });
}

std::vector<ObjectPtr> find_objects(const WatchCache& cache, const GroupKind& kind,
                                    const Json& query) {
  const std::string ns = get_string(query, {"namespace"});
  const std::string owner = get_string(query, {"owner"});
  if (!owner.empty()) {
    std::vector<ObjectPtr> owned = cache.owned_by(owner);
    std::erase_if(owned, [&](const ObjectPtr& object) {
      return object->key().kind != kind || (!ns.empty() && object->meta().ns != ns);
    });
    return owned;
  }
  ListOptions options;
  options.ns = ns;
  if (const Json* labels = find(query, {"labels"}); labels != nullptr && labels->is_object()) {
    for (const auto& [key, value] : labels->items()) {
      if (value.is_string()) options.labels.emplace_back(key, value.get<std::string>());
    }
  }
  return cache.list(kind, options).items;
}

capstan_status list(void* ctx, capstan_str query_text, const capstan_sink* out) {
  return guarded(ctx, CAPSTAN_EXT_OBJECTS, [&]() -> capstan_status {
    const HostServicesOptions& options = options_of(ctx);
    const auto query = parse_json(view(query_text));
    if (!query.ok()) return CAPSTAN_INVALID;
    const GroupKind kind{GroupVersion::parse(get_string(*query, {"apiVersion"})).group,
                         get_string(*query, {"kind"})};
    if (!readable(options, kind)) return CAPSTAN_PERMISSION_DENIED;
    write(out, "[");
    bool first = true;
    for (const ObjectPtr& object : find_objects(*options.objects, kind, *query)) {
      if (!first) write(out, ",");
      first = false;
      write(out, object->text());
    }
    write(out, "]");
    return CAPSTAN_OK;
  });
}

}  // namespace

const capstan_objects kObjects = {sizeof(capstan_objects), &get, &list};

}  // namespace capstan::services
