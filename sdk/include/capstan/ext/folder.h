/* capstan.folder/1: the library runs plugins that are folders, in another language: one library for
 * every plugin of that language. Offered by the library.
 *
 * The host makes an instance for each folder and opens it before the first activate. The library's
 * own manifest describes the library; each folder has its own, from its plugin.yaml.
 */
#ifndef CAPSTAN_EXT_FOLDER_H
#define CAPSTAN_EXT_FOLDER_H

#include "../abi.h"

#define CAPSTAN_EXT_FOLDER "capstan.folder/1"

typedef struct capstan_folder {
  uint32_t struct_size;
  /* [control, not active] `path` is absolute; `manifest` is the plugin's manifest, JSON. Runs none
   * of the folder's code. */
  capstan_status (*open)(void* self, capstan_str path, capstan_str manifest,
                         const capstan_diagnostics* diagnostics);
} capstan_folder;

#endif /* CAPSTAN_EXT_FOLDER_H */
