#include "src/run/run_folders.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "src/base/error.h"
#include "src/base/left_over.h"

namespace latent {

namespace {

namespace fs = std::filesystem;

constexpr const char* kNew = ".new-";

/// 0, or the error number. Old file systems know no flags: EINVAL.
int rename_with(const std::string& from, const std::string& to, unsigned flags) {
  return ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) == 0 ? 0 : errno;
}

bool knows_no_flags(int failed) { return failed == EINVAL || failed == ENOSYS; }

int rename_if_free(const std::string& from, const std::string& to) {
  const int failed = rename_with(from, to, RENAME_NOREPLACE);
  if (!knows_no_flags(failed)) return failed;
  if (fs::exists(fs::symlink_status(to))) return EEXIST;
  return rename_with(from, to, 0);
}

}  // namespace

std::string fresh_folder(const std::string& run) { return run + fresh_suffix(kNew); }

bool is_untrained(const std::string& folder) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    const std::string name = entry.path().filename().string();
    const bool expected =
        name == "config.json" ||
        (name.starts_with("config.json.tmp-") && has_fresh_suffix(name, ".tmp-")) ||
        (name == "checkpoints" && fs::is_empty(entry.path(), failed) && !failed);
    if (!expected) return false;
  }
  return !failed;
}

void settle_left_over(const std::string& run) {
  const std::string name = fs::path(run).filename().string();
  for_each_left_over(
      fs::path(run).parent_path(),
      [&](const std::string& other) {
        return other.starts_with(name + kNew) && has_fresh_suffix(other, kNew);
      },
      [&](const fs::path& left) {
        std::error_code ignored;
        if (is_untrained(left.string()))
          fs::remove_all(left, ignored);
        else
          name_aside(left.string(), run);
      });
}

bool give_name(const std::string& fresh, const std::string& run) {
  const int failed = rename_if_free(fresh, run);
  if (failed != 0 && failed != EEXIST)
    throw Error(run + ": cannot make the run directory: " +
                std::generic_category().message(failed));
  return failed == 0;
}

void exchange_names(const std::string& fresh, const std::string& run) {
  int failed = rename_with(fresh, run, RENAME_EXCHANGE);
  if (knows_no_flags(failed)) {
    const std::string third = fresh_folder(run);
    failed = rename_with(run, third, 0);
    if (failed == 0) failed = rename_with(fresh, run, 0);
    if (failed == 0) failed = rename_with(third, fresh, 0);
  }
  if (failed != 0)
    throw Error(run + ": cannot make the run directory: " +
                std::generic_category().message(failed));
}

std::string name_aside(const std::string& folder, const std::string& run) {
  const std::string first = run + ".replaced";
  std::string name = first;
  int failed = 0;
  for (int n = 2; (failed = rename_if_free(folder, name)) == EEXIST; ++n)
    name = first + "-" + std::to_string(n);
  return failed == 0 ? name : folder;
}

std::unique_ptr<const FolderLock> lock_of_name(const std::string& run) {
  struct stat before {}, after {};
  const bool there = ::stat(run.c_str(), &before) == 0;
  auto lock = std::make_unique<const FolderLock>(run);
  if (there && ::stat(run.c_str(), &after) == 0 && before.st_ino == after.st_ino &&
      before.st_dev == after.st_dev)
    return lock;
  throw Error(run + ": another process is at work in it; wait for its end");
}

}  // namespace latent
