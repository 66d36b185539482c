#include "runtime/trust/ownership.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <filesystem>
#include <set>

namespace capstan {
namespace {

namespace fs = std::filesystem;

// The group that has the user's name, is its first one, and has nobody else in it.
bool is_own_group(gid_t group, uid_t user) {
  std::vector<char> buffer(16384);
  passwd account{}, *found = nullptr;
  if (::getpwuid_r(user, &account, buffer.data(), buffer.size(), &found) != 0 || !found) {
    return false;
  }
  std::vector<char> group_buffer(65536);
  ::group entry{}, *group_found = nullptr;
  if (account.pw_gid != group ||
      ::getgrgid_r(group, &entry, group_buffer.data(), group_buffer.size(), &group_found) != 0 ||
      !group_found) {
    return false;
  }
  for (char** member = entry.gr_mem; *member != nullptr; ++member) {
    if (std::string(*member) != account.pw_name) return false;
  }
  return std::string(entry.gr_name) == account.pw_name;
}

struct Owner {
  uid_t user;
  gid_t group;
  mode_t mode;
};

class Checker {
 public:
  explicit Checker(uid_t user) : user_(user) {}

  void check(const std::string& name, const Owner& owned, bool folder) {
    const auto [owner, group, mode] = owned;
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
    } else if ((mode & S_IWGRP) != 0 && !is_own_group(group, owner)) {
      add(false, what + " can be written by its group" + so + "; chmod g-w " + name);
    }
  }

  void check_folders(const fs::path& innermost) {
    std::error_code error;
    for (fs::path folder = fs::canonical(innermost, error); !error; folder = folder.parent_path()) {
      if (!seen_.insert(folder.string()).second) return;
      struct stat status {};
      if (::stat(folder.c_str(), &status) == 0) {
        check(folder.string(), {status.st_uid, status.st_gid, status.st_mode}, true);
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
  checker.check(file.real_path(), {file.owner(), file.group(), file.mode()}, false);
  checker.check_folders(fs::path(file.real_path()).parent_path());
  // Where the path is a link: who can write beside it decides which file it is.
  checker.check_folders(fs::absolute(file.path()).parent_path());
  return checker.take();
}

std::vector<OwnershipProblem> check_ownership_below(const std::string& folder, uid_t user) {
  Checker checker(user);
  checker.check_folders(folder);
  checker.check_folders(fs::absolute(folder).parent_path());
  std::error_code error;
  fs::recursive_directory_iterator all(folder, error), end;
  for (; !error && all != end; all.increment(error)) {
    struct stat status {};
    const fs::path& path = all->path();
    if (::lstat(path.c_str(), &status) != 0 || S_ISLNK(status.st_mode)) continue;
    checker.check(path.string(), {status.st_uid, status.st_gid, status.st_mode},
                  S_ISDIR(status.st_mode));
  }
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
    checker.check(real.string(), {status.st_uid, status.st_gid, status.st_mode}, false);
    checker.check_folders(real.parent_path());
  }
  checker.check_folders(fs::absolute(path).parent_path());
  return checker.take();
}

}  // namespace capstan
