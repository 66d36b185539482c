// What a Machine says about its Node: labels, annotations and taints that are kept on it.
//
// Thread safety: pure functions.
#pragma once

#include <string>

#include "runtime/base/json.h"
#include "runtime/object/object.h"

namespace capstan::lifecycle {

// The merge patch that brings the Node in line with its Machine; an empty object where it is.
// `interruptible`: the machine may be taken away by its provider at any time.
Json node_patch(const Object& machine, const std::string& cluster_name, bool interruptible,
                const Json& node);

// Whether a label (an annotation) of a Machine goes to its Node.
bool label_goes_to_node(std::string_view key);
bool annotation_goes_to_node(std::string_view key);

// The Node of a provider id among nodes; null where there is none.
const Json* find_node(const std::vector<std::shared_ptr<const Json>>& nodes,
                      const std::string& provider_id);

}  // namespace capstan::lifecycle
