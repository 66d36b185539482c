// Writes what a reconcile decided, in order, through the ResourceService.
//
// Thread safety: commit() from any thread.
// Lifetime: the service outlives the committer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/controller/reconciler.h"
#include "runtime/resource/resource_service.h"

namespace capstan {

class Committer {
 public:
  explicit Committer(ResourceService& resources) : resources_(resources) {}

  // Stops at the first change that fails. Deleting what is gone succeeds, and so does creating what
  // exists, unless the new object names a controller that the other does not have; the data of what
  // the same controller has made before is brought up to date.
  // Errors: kConflict where an object changed since the snapshot (run the reconcile again);
  // kAlreadyExists where an object to create is somebody else's;
  // kNotFound where an object to patch is gone or its kind is not installed; those of the service.
  Result<void> commit(std::vector<Change> changes, const std::string& manager);

 private:
  // Revisions that this commit's own writes gave to objects of the snapshot.
  struct Written {
    ObjectKey key;
    Revision snapshot = 0;
    Revision now = 0;
  };

  Result<ObjectPtr> apply(Change& change, const std::string& manager);
  Result<ObjectPtr> create(const ResourceRef& ref, Change& change, const WriteOptions& options);
  // A patch and the status that follows it as one write; nothing where they are to be made alone.
  std::optional<Result<ObjectPtr>> apply_both(Change& change, Change& status,
                                              const std::string& manager);
  Result<ObjectPtr> patch(const ResourceRef& ref, Change& change, const WriteOptions& options);
  Result<ObjectPtr> merge_conditions(const ResourceRef& ref, const Change& change,
                                     const WriteOptions& options);
  // Whether another object has taken the name of the one that was read.
  bool is_other(const Change& change) const;
  Result<ObjectPtr> remove(const ResourceRef& ref, const Change& change);

  ResourceService& resources_;
};

}  // namespace capstan
