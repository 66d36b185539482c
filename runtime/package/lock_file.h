// The text of plugins.lock.
//
//   apiVersion: capstan.dev/v1alpha1
//   kind: PluginLock
//   plugins:
//   - name: acme
//     version: 1.2.0
//     current: true
//     folder: acme/1.2.0            # below DATA/plugins
//     library: acme.so
//     index: sha256:9f86d081...     # of index.json, which has the digest of every file
//     archive: sha256:60303ae2...
//     publisher: acme
//     keyId: 5f1d0c9b2a4e8f70
//     source: /srv/plugins/acme/v1.2.0/acme-1.2.0.capstan
//     installedAt: 2026-01-02T03:04:05Z
//
// Thread safety: free functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/package/plugin_store.h"

namespace capstan {

// `folder` is DATA/plugins. Errors: kInvalid with the entry and what is wrong.
Result<std::vector<InstalledPlugin>> parse_lock_file(std::string_view text,
                                                     const std::string& folder);

// Sorted by name, the highest version first.
std::string lock_file_text(std::vector<InstalledPlugin> plugins, const std::string& folder);

}  // namespace capstan
