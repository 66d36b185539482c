#include "runtime/scaffold/scaffold.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "runtime/base/json.h"
#include "runtime/scaffold/template_text.h"
#include "runtime/system/file.h"
#include "runtime/yaml/yaml.h"

namespace capstan::scaffold {
namespace {

namespace fs = std::filesystem;

constexpr const char* kInserts = "inserts.yaml";

std::string manifest_of(const std::string& language) {
  return language == "cpp" ? "manifest.yaml" : "plugin.yaml";
}

// The files that are to be written, by their paths in the folder.
class Plan {
 public:
  Plan(std::string templates, std::string folder, std::string language)
      : templates_(std::move(templates)),
        folder_(std::move(folder)),
        language_(std::move(language)) {}

  // What common/PART and LANGUAGE/PART have, with the words filled in.
  Result<void> add(const std::string& part, Words words) {
    words["MANIFEST"] = manifest_of(language_);
    bool found = false;
    for (const fs::path& root :
         {fs::path(templates_) / "common" / part, fs::path(templates_) / language_ / part}) {
      std::error_code failure;
      if (!fs::is_directory(root, failure)) continue;
      found = true;
      for (const std::string& path : TRY(files_below(root))) {
        if (path == kInserts) continue;
        TRY(add_file(filled_in(path, words), filled_in(TRY(read_file(root / path)), words)));
      }
      if (file_exists(root / kInserts)) TRY(insert(root / kInserts, words));
    }
    if (found) return {};
    return Error::not_found(templates_ + " has no templates for " + language_ + "/" + part);
  }

  Result<void> write(Scaffolded& done) const {
    for (const auto& [path, file] : files_) {
      const fs::path target = fs::path(folder_) / path;
      TRY(make_folder(target.parent_path()));
      TRY(write_file(target, file.content));
      (file.is_new ? done.created : done.changed).push_back(path);
    }
    return {};
  }

 private:
  struct File {
    std::string content;
    bool is_new = true;
  };

  static Result<std::vector<std::string>> files_below(const fs::path& root) {
    std::vector<std::string> paths;
    std::error_code failure;
    for (auto entry = fs::recursive_directory_iterator(root, failure);
         !failure && entry != fs::recursive_directory_iterator(); entry.increment(failure)) {
      if (entry->path().filename() == "__pycache__") {
        entry.disable_recursion_pending();
      } else if (entry->is_regular_file()) {
        paths.push_back(entry->path().lexically_relative(root).string());
      }
    }
    if (failure) {
      return Error::unavailable("cannot read " + root.string() + ": " + failure.message());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  Result<void> add_file(const std::string& path, std::string content) {
    if (files_.contains(path) || file_exists((fs::path(folder_) / path).string())) {
      return Error::already_exists((fs::path(folder_) / path).string() +
                                   " exists, and nothing is overwritten");
    }
    files_[path] = {std::move(content), true};
    return {};
  }

  Result<void> insert(const fs::path& list, const Words& words) {
    const Json inserts = TRY(parse_yaml(TRY(read_file(list))));
    if (!inserts.is_array()) return Error::invalid(list.string() + " is no list");
    for (const Json& item : inserts) {
      const std::string path = filled_in(get_string(item, {"file"}), words);
      const std::string marker = get_string(item, {"marker"});
      const std::string lines = filled_in(get_string(item, {"text"}), words);
      if (!files_.contains(path)) {
        files_[path] = {TRY(read_file((fs::path(folder_) / path).string())), false};
      }
      auto text = put_above(files_[path].content, marker, lines);
      if (!text.ok()) {
        return Error::failed_precondition(path + " has no line that ends in \"" + marker +
                                          "\", so nothing was written; put such a line in, as a "
                                          "comment, where this is to go:\n" +
                                          lines);
      }
      files_[path].content = *std::move(text);
    }
    return {};
  }

  const std::string templates_, folder_, language_;
  std::map<std::string, File> files_;
};

Result<void> expect_empty(const std::string& folder) {
  std::error_code failure;
  if (!fs::exists(folder, failure)) return {};
  if (fs::is_directory(folder, failure) && fs::is_empty(folder, failure)) return {};
  return Error::already_exists(folder +
                               " exists and is not an empty folder; nothing is "
                               "overwritten: choose another name or --output");
}

struct Found {
  PluginNames names;
  std::string language;
};

Result<Found> find_plugin(const std::string& folder) {
  for (const char* language : {"cpp", "python"}) {
    const std::string path = (fs::path(folder) / manifest_of(language)).string();
    if (!file_exists(path)) continue;
    const Json manifest = TRY(parse_yaml(TRY(read_file(path))));
    auto names =
        PluginNames::of_manifest(get_string(manifest, {"name"}), get_string(manifest, {"id"}));
    if (!names.ok()) return std::move(names).error().with_context(path);
    return Found{*std::move(names), language};
  }
  return Error::not_found("\"" + folder +
                          "\" is no plugin's folder: it has neither manifest.yaml "
                          "nor plugin.yaml; give one with --folder");
}

}  // namespace

Result<Scaffolded> new_plugin(const NewPlugin& wanted, const std::string& templates) {
  Scaffolded done;
  done.plugin = TRY(PluginNames::make(wanted.name, wanted.domain));
  done.language = wanted.language;
  done.folder = wanted.folder.empty() ? wanted.name : wanted.folder;
  TRY(expect_empty(done.folder));
  Plan plan(templates, done.folder, done.language);
  TRY(plan.add("project", words_of(done.plugin)));
  const std::set<std::string> roles(wanted.roles.begin(), wanted.roles.end());
  for (const std::string& role : plugin_roles()) {
    if (!roles.contains(role)) continue;
    for (const KindNames& usual : kinds_of_role(done.plugin, role)) {
      const KindNames kind = TRY(KindNames::make(done.plugin, usual.type, usual.kind));
      TRY(plan.add("kinds/" + kind.type, words_of(done.plugin, kind)));
      done.kinds.push_back(kind);
    }
  }
  TRY(plan.write(done));
  return done;
}

Result<Scaffolded> add_kind(const NewKind& wanted, const std::string& templates) {
  Found found = TRY(find_plugin(wanted.folder));
  Scaffolded done;
  done.plugin = std::move(found.names);
  done.language = std::move(found.language);
  done.folder = wanted.folder;
  done.kinds = {TRY(KindNames::make(done.plugin, wanted.type, wanted.kind))};
  Plan plan(templates, done.folder, done.language);
  TRY(plan.add("kinds/" + wanted.type, words_of(done.plugin, done.kinds[0])));
  TRY(plan.write(done));
  return done;
}

}  // namespace capstan::scaffold
