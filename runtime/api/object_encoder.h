// How one client wants to see objects of one kind: in which version, whole, as metadata or as rows.
//
// Thread safety: immutable. Lifetime: of the service.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "runtime/api/media_type.h"
#include "runtime/api/table.h"
#include "runtime/resource/resource_service.h"

namespace capstan {

class ObjectEncoder {
 public:
  ObjectEncoder(const ResourceService& service, KindPtr kind, const KindVersion& version,
                AcceptedForm form, IncludeObject include, Clock& clock);

  AnswerForm form() const { return form_.form; }
  bool yaml() const { return form_.yaml; }

  // The object in the client's version, as the client wants it. The text of a plain object is the
  // stored one, uncopied, where no conversion is needed.
  Result<std::shared_ptr<const std::string>> one(const ObjectPtr& stored) const;
  // {"kind": "MachineList", "items": [...]} or a Table. `metadata` is the list's.
  Result<std::string> list(const std::vector<ObjectPtr>& stored, const Json& metadata) const;
  // The "object" of a watch event. `first` adds a table's columns.
  Result<std::string> event_object(const ObjectPtr& stored, bool first) const;
  // The "object" of a bookmark.
  std::string bookmark(Revision revision, bool initial_events_end) const;

 private:
  Result<ObjectPtr> converted(const ObjectPtr& stored) const;

  const ResourceService& service_;
  const KindPtr kind_;
  const KindVersion& version_;
  const AcceptedForm form_;
  const std::string api_version_;
  Clock& clock_;
  std::optional<TableRenderer> table_;
};

}  // namespace capstan
