// A cloud that only pretends: one file a thing in a folder, so that it outlives the plugin's
// process, as a real one does. What was made is ready at the second look.
//
// Thread safety: all members from any thread; two for the same tag leave one of their results.
#pragma once

#include <filesystem>
#include <string>

#include "cloud.h"

namespace @PACKAGE@ {

class FakeCloud : public Cloud {
 public:
  // Makes nothing yet. Errors: kInvalid where the path is not absolute.
  Status open(const std::string& folder);
  std::string folder() const { return folder_.string(); }

  Expected<std::optional<Thing>> find(const std::string& type, const std::string& tag) override;
  Expected<Thing> create(const std::string& type, const std::string& tag,
                         const Json& properties) override;
  Status update(const std::string& type, const std::string& tag, const Json& properties) override;
  Status remove(const std::string& type, const std::string& tag) override;

 private:
  std::filesystem::path path_of(const std::string& type, const std::string& tag) const;
  Status write(const std::filesystem::path& path, const Json& record) const;

  std::filesystem::path folder_;
};

}  // namespace @PACKAGE@
