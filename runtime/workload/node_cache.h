// The Nodes of one cluster as a list and a watch tell of them.
//
// Thread safety: none.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan {

using NodePtr = std::shared_ptr<const Json>;

// What controllers look at: metadata without managedFields, spec, and of status conditions,
// nodeInfo, addresses, capacity and volumesAttached. Heartbeat times are left out, so that a
// kubelet that only says that it lives changes nothing. A Node of 10 KB becomes about 2 KB.
Json slim_node(Json node);

class NodeCache {
 public:
  // One page of a list (a NodeList as text). The first page starts anew. Gives the token of the
  // next page; "" where this was the last and the cache is complete.
  Result<std::string> put_page(std::string_view text);
  // Whether the list that put_page() completed differs from what was there before.
  bool list_changed() const { return list_changed_; }

  // One line of a watch. Gives whether something changed that a controller looks at.
  // Errors: kExpired where a new list is needed; others where the server reports a failure.
  Result<bool> apply(std::string_view line);

  // Asks for a new list; the Nodes stay until it is there.
  void forget_version();

  // Where a watch goes on; "" before the first complete list.
  const std::string& resource_version() const { return resource_version_; }
  // Sorted by name.
  std::vector<NodePtr> nodes() const;

 private:
  using Nodes = std::map<std::string, NodePtr, std::less<>>;

  Nodes nodes_;
  Nodes page_nodes_;  // of a list that is not complete
  bool paging_ = false;
  bool list_changed_ = false;
  std::string resource_version_;
};

}  // namespace capstan
