// New plugins and further kinds of them, from the SDK's templates.
//
// The templates are files (sdk/templates, installed to share/capstan-sdk/templates), not text in
// this program: they need the SDK of their own version, travel with it, and an organisation may
// have its own (--templates). LANGUAGE/project and common/project are a plugin without kinds,
// LANGUAGE/kinds/TYPE and common/kinds/TYPE are what a kind adds: files of its own, and in
// inserts.yaml the lines that go into files that are there, above a marker. `capstan plugin new`
// is the first followed by the second, and `capstan plugin add kind` the second alone.
//
// Everything is made in memory and checked before the first file is written, and no file that is
// there is overwritten but by the lines that are put into it.
//
// Thread safety: free functions; two for one folder are the caller's to keep apart.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/scaffold/names.h"

namespace capstan::scaffold {

struct NewPlugin {
  std::string name;
  std::string domain = "example.com";
  std::string language;            // "cpp" or "python"
  std::vector<std::string> roles;  // of plugin_roles()
  std::string folder;              // where it is made; "" is the name, below the current folder
};

struct NewKind {
  std::string folder = ".";  // of the plugin
  std::string type = "resource";
  std::string kind;
};

// What was done; paths are relative to the folder.
struct Scaffolded {
  PluginNames plugin;
  std::string language;
  std::string folder;
  std::vector<KindNames> kinds;
  std::vector<std::string> created;
  std::vector<std::string> changed;
};

// Errors: kInvalid for names; kAlreadyExists where the folder is not empty; kNotFound where the
// templates are not there or not complete.
Result<Scaffolded> new_plugin(const NewPlugin& wanted, const std::string& templates);

// Errors: as above, and kAlreadyExists with the file that would be overwritten; kNotFound where the
// folder is no plugin's; kFailedPrecondition where a marker is missing, with the lines to put in by
// hand.
Result<Scaffolded> add_kind(const NewKind& wanted, const std::string& templates);

}  // namespace capstan::scaffold
