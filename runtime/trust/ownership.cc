#include "runtime/trust/ownership.h"

#include <sys/stat.h>

#include <filesystem>
#include <set>

namespace capstan {
namespace {

namespace fs = std::filesystem;

class Checker {
 public:
  explicit Checker(uid_t user) : user_(user) {}

  void check(const std::string& name, uid_t owner, mode_t mode, bool folder) {
    const std::string what = folder ? "folder " + name : name;
    const std::string so = folder ? ", so that the plugin could be exchanged" : "";
    if (owner != 0 && owner != user_) {
      add(false, what + " belongs to user " + std::to_string(owner) +
                     ", who is neither root nor the user that runs this (" + std::to_string(user_) +
                     ")" + so + "; chown root " + name);
    }
    if (folder && (mode & S_ISVTX) != 0) return;
    if ((mode & S_IWOTH) != 0) {
      add(true, what + " can be written by anybody" + so + "; chmod go-w " + name);
    } else if ((mode & S_IWGRP) != 0) {
      add(false, what + " can be written by its group" + so + "; chmod g-w " + name);
    }
  }

  void check_folders(const fs::path& innermost) {
    std::error_code error;
    for (fs::path folder = fs::canonical(innermost, error); !error; folder = folder.parent_path()) {
      if (!seen_.insert(folder.string()).second) return;
      struct stat status {};
      if (::stat(folder.c_str(), &status) == 0) {
        check(folder.string(), status.st_uid, status.st_mode, true);
      }
      if (folder == folder.parent_path()) return;
    }
  }

  std::vector<OwnershipProblem> take() { return std::move(problems_); }

 private:
  void add(bool anybody, std::string message) {
    problems_.push_back({anybody, std::move(message)});
  }

  uid_t user_;
  std::set<std::string> seen_;
  std::vector<OwnershipProblem> problems_;
};

}  // namespace

std::vector<OwnershipProblem> check_ownership(const SealedFile& file, uid_t user) {
  Checker checker(user);
  checker.check(file.real_path(), file.owner(), file.mode(), false);
  checker.check_folders(fs::path(file.real_path()).parent_path());
  // Where the path is a link: who can write beside it decides which file it is.
  checker.check_folders(fs::absolute(file.path()).parent_path());
  return checker.take();
}

std::vector<OwnershipProblem> check_ownership_at(const std::string& path, uid_t user) {
  Checker checker(user);
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  struct stat status {};
  if (error || ::stat(real.c_str(), &status) != 0) return {};
  if (S_ISDIR(status.st_mode)) {
    checker.check_folders(real);
  } else {
    checker.check(real.string(), status.st_uid, status.st_mode, false);
    checker.check_folders(real.parent_path());
  }
  checker.check_folders(fs::absolute(path).parent_path());
  return checker.take();
}

}  // namespace capstan
