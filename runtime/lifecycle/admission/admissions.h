// Defaults and checks of Cluster API's own kinds, and of providers' templates, that a schema cannot
// express. (Source: Cluster API's webhooks.)
//
// Thread safety: as Admission; they keep nothing.
#pragma once

#include <memory>
#include <vector>

#include "runtime/resource/resource_service.h"

namespace capstan::lifecycle {

std::vector<std::shared_ptr<Admission>> admissions();

}  // namespace capstan::lifecycle
