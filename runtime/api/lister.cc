#include "runtime/api/lister.h"

#include <algorithm>

namespace capstan {
namespace {

constexpr size_t kKeptSnapshots = 32;
constexpr auto kKeptFor = std::chrono::minutes(5);

bool stands_after(const ObjectPtr& object, const ContinueToken& from) {
  const Metadata& meta = object->meta();
  return std::tie(meta.ns, meta.name) > std::tie(from.ns, from.name);
}

Error expired_token() {
  return {Code::kExpired,
          "The provided continue parameter is too old to display a consistent list result. You "
          "can start a new list without the continue parameter, or use the continue token in this "
          "response to retrieve the remainder of the results. Continuing with the provided token "
          "results in an inconsistent list: objects that were created, modified, or deleted "
          "between the time the first chunk was returned and now may show up in the list.",
          {},
          {}};
}

}  // namespace

Lister::Snapshot Lister::current(const GroupKind& kind, const std::string& ns,
                                 const ListRequest& request) const {
  const auto name = request.fields.exact("metadata.name");
  if (name && !ns.empty()) {
    const Revision revision = cache_.revision();
    std::vector<ObjectPtr> found;
    if (ObjectPtr object = cache_.get({kind, ns, *name})) found.push_back(std::move(object));
    return {kind,
            ns,
            "",
            revision,
            clock_.monotonic(),
            std::make_shared<const std::vector<ObjectPtr>>(std::move(found))};
  }
  ListOptions options;
  options.ns = ns;
  for (const auto& requirement : request.labels.requirements()) {
    if (const auto value = request.labels.exact(requirement.key)) {
      options.labels.emplace_back(requirement.key, *value);
    }
  }
  ListResult result = cache_.list(kind, options);
  return {kind,
          ns,
          request.labels.text(),
          result.revision,
          clock_.monotonic(),
          std::make_shared<const std::vector<ObjectPtr>>(std::move(result.items))};
}

Result<Lister::Snapshot> Lister::snapshot_for(const GroupKind& kind, const std::string& ns,
                                              const ListRequest& request, const ContinueToken& from,
                                              std::string* inconsistent_token) {
  if (!request.continue_token.empty() && from.revision != 0) {
    const std::scoped_lock lock(mutex_);
    for (Snapshot& snapshot : kept_) {
      if (snapshot.revision != from.revision || snapshot.kind != kind || snapshot.ns != ns ||
          snapshot.labels != request.labels.text()) {
        continue;
      }
      snapshot.used = clock_.monotonic();
      return snapshot;
    }
    if (inconsistent_token != nullptr) {
      *inconsistent_token = ContinueToken{0, from.ns, from.name}.encode();
    }
    return expired_token();
  }
  Snapshot now = current(kind, ns, request);
  if (request.revision && *request.revision > now.revision) {
    return Error{Code::kDeadlineExceeded,
                 "Too large resource version: " + std::to_string(*request.revision) +
                     ", current: " + std::to_string(now.revision),
                 {{"", "ResourceVersionTooLarge", "Too large resource version"}},
                 std::chrono::milliseconds(1000)};
  }
  if (request.match == RevisionMatch::kExact && *request.revision != now.revision) {
    return Error{Code::kExpired, "The resourceVersion for the provided list is too old.", {}, {}};
  }
  return now;
}

void Lister::keep(Snapshot snapshot) {
  const std::scoped_lock lock(mutex_);
  const MonotonicTime now = clock_.monotonic();
  kept_.remove_if([&](const Snapshot& kept) {
    return now - kept.used > kKeptFor ||
           (kept.revision == snapshot.revision && kept.kind == snapshot.kind &&
            kept.ns == snapshot.ns && kept.labels == snapshot.labels);
  });
  kept_.push_front(std::move(snapshot));
  if (kept_.size() > kKeptSnapshots) kept_.pop_back();
}

Result<ListPage> Lister::list(const GroupKind& stored_kind, const std::string& ns,
                              const ListRequest& request, std::string* inconsistent_token) {
  ContinueToken from;
  const bool continues = !request.continue_token.empty();
  if (continues) from = TRY(ContinueToken::decode(request.continue_token));
  Snapshot snapshot = TRY(snapshot_for(stored_kind, ns, request, from, inconsistent_token));
  ListPage page;
  page.revision = snapshot.revision;
  const std::vector<ObjectPtr>& items = *snapshot.items;
  auto at = items.begin();
  if (continues) {
    at = std::partition_point(items.begin(), items.end(),
                              [&](const ObjectPtr& object) { return !stands_after(object, from); });
  }
  for (; at != items.end(); ++at) {
    if (!request.matches(**at)) continue;
    if (request.limit != 0 && page.items.size() == request.limit) break;
    page.items.push_back(*at);
  }
  if (at == items.end()) return page;
  const Metadata& last = page.items.back()->meta();
  page.continue_token = ContinueToken{snapshot.revision, last.ns, last.name}.encode();
  if (request.labels.matches_everything() && request.fields.matches_everything()) {
    page.remaining = static_cast<size_t>(items.end() - at);
  }
  keep(std::move(snapshot));
  return page;
}

}  // namespace capstan
