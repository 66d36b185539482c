#include "runtime/api/object_encoder.h"

namespace capstan {
namespace {

// Of the texts with a comma each; of another version they differ a little.
size_t size_of(const std::vector<ObjectPtr>& objects) {
  size_t size = 0;
  for (const ObjectPtr& object : objects) size += object->text().size() + 1;
  return size;
}

Json object_list_metadata(Revision revision) {
  return {{"resourceVersion", std::to_string(revision)}};
}

}  // namespace

ObjectEncoder::ObjectEncoder(const ResourceService& service, KindPtr kind,
                             const KindVersion& version, AcceptedForm form, IncludeObject include,
                             Clock& clock)
    : service_(service),
      kind_(std::move(kind)),
      version_(version),
      form_(std::move(form)),
      api_version_(GroupVersion{kind_->id.group, version.name}.text()),
      clock_(clock) {
  if (form_.form == AnswerForm::kTable) table_.emplace(version, form_.version, include);
}

Result<ObjectPtr> ObjectEncoder::converted(const ObjectPtr& stored) const {
  if (stored->api_version() == api_version_) return stored;
  return service_.convert(stored, *kind_, version_.name);
}

Result<std::shared_ptr<const std::string>> ObjectEncoder::one(const ObjectPtr& stored) const {
  const ObjectPtr object = TRY(converted(stored));
  if (form_.form == AnswerForm::kObject) {
    return std::shared_ptr<const std::string>(object, &object->text());
  }
  return std::make_shared<const std::string>(TRY(event_object(object, true)));
}

Result<std::string> ObjectEncoder::list(const std::vector<ObjectPtr>& stored,
                                        const Json& metadata) const {
  if (table_) {
    Json table = table_->table(metadata);
    Json& rows = table["rows"];
    for (const ObjectPtr& object : stored) {
      rows.push_back(table_->row(*TRY(converted(object)), clock_.now()));
    }
    return dump_json(table);
  }
  const bool partial = form_.form != AnswerForm::kObject;
  const std::string kind = partial ? "PartialObjectMetadataList" : kind_->list_kind;
  const std::string version = partial ? "meta.k8s.io/" + form_.version : api_version_;
  std::string out = "{\"kind\":" + dump_json(kind) + ",\"apiVersion\":" + dump_json(version) +
                    ",\"metadata\":" + dump_json(metadata) + ",\"items\":[";
  if (!partial) out.reserve(out.size() + size_of(stored) + 2);
  bool first = true;
  for (const ObjectPtr& item : stored) {
    const ObjectPtr object = TRY(converted(item));
    if (!std::exchange(first, false)) out += ',';
    out += partial ? dump_json(partial_object(*object->tree(), form_.version)) : object->text();
  }
  out += "]}";
  return out;
}

Result<std::string> ObjectEncoder::event_object(const ObjectPtr& stored, bool first) const {
  const ObjectPtr object = TRY(converted(stored));
  if (table_) {
    Json table = table_->table(object_list_metadata(object->meta().resource_version), first);
    table["rows"].push_back(table_->row(*object, clock_.now()));
    return dump_json(table);
  }
  if (form_.form != AnswerForm::kObject) {
    return dump_json(partial_object(*object->tree(), form_.version));
  }
  return object->text();
}

std::string ObjectEncoder::bookmark(Revision revision, bool initial_events_end) const {
  Json metadata = object_list_metadata(revision);
  metadata["creationTimestamp"] = nullptr;
  if (initial_events_end) {
    metadata["annotations"] = {{"k8s.io/initial-events-end", "true"}};
  }
  if (table_) return dump_json(table_->table(std::move(metadata), false));
  if (form_.form != AnswerForm::kObject) {
    return dump_json({{"kind", "PartialObjectMetadata"},
                      {"apiVersion", "meta.k8s.io/" + form_.version},
                      {"metadata", std::move(metadata)}});
  }
  return dump_json(
      {{"kind", kind_->id.kind}, {"apiVersion", api_version_}, {"metadata", std::move(metadata)}});
}

}  // namespace capstan
