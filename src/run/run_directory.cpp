#include "src/run/run_directory.h"

#include <unistd.h>

#include <sstream>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/log.h"
#include "src/base/json_text.h"
#include "src/config/write.h"

namespace latent {

namespace {

namespace fs = std::filesystem;

void make_folders(const std::string& path) {
  std::error_code failed;
  fs::create_directories(fs::path(path) / "checkpoints", failed);
  if (failed) throw Error(path + ": cannot make the run directory: " + failed.message());
}

/// The nearest ancestor that exists must let us make folders in it.
void check_writable(const std::string& path) {
  fs::path folder = fs::absolute(path).parent_path();
  while (!fs::exists(folder) && folder.has_parent_path() && folder != folder.parent_path())
    folder = folder.parent_path();
  if (!fs::is_directory(folder))
    throw Error(path + ": cannot make the run directory: " + folder.string() + " is not a folder");
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    throw errno_error(path, "cannot make the run directory in " + folder.string());
}

/// `name`, or the first of name-2, name-3, ... that nothing has: what bears such a name may be
/// anybody's.
std::string free_name(const std::string& name) {
  std::string out = name;
  for (int n = 2; fs::exists(fs::symlink_status(out)); ++n) out = name + "-" + std::to_string(n);
  return out;
}

}  // namespace

bool RunDirectory::is_run(const std::string& path) {
  return fs::exists(fs::path(path) / "config.json");
}

void RunDirectory::check_can_create(const std::string& path, bool overwrite) {
  if (path.empty()) throw UsageError("--run-dir is empty");
  if (!fs::exists(fs::symlink_status(path))) return check_writable(path);
  if (!overwrite)
    throw Error(path +
                ": the run directory exists; choose another, or replace it with --overwrite");
  if (!fs::is_directory(path))
    throw Error(path + ": exists and is not a folder; choose another run directory");
  const FolderLock nobody_writes(path);  // before its files are looked at: they may be half there
  if (!is_run(path) && !fs::is_empty(path))
    throw Error(path +
                ": is not a run of latent (no config.json), so --overwrite will not replace it");
  check_writable(path);
}

RunDirectory RunDirectory::create(const std::string& path, bool overwrite) {
  check_can_create(path, overwrite);
  RunDirectory run(fs::path(path).has_filename() ? path : fs::path(path).parent_path().string());
  // The new folder is held before it bears its name, the old one while it gives its name away: of
  // two that replace a run at once, one is refused.
  const std::string fresh = run.path() + ".new" + std::to_string(::getpid());
  make_folders(fresh);
  std::error_code failed;
  try {
    run.lock_ = std::make_shared<const FolderLock>(fresh);
    std::unique_ptr<const FolderLock> old;
    if (overwrite && fs::exists(run.path())) {
      old = std::make_unique<const FolderLock>(run.path());
      run.aside_ = free_name(run.path() + ".replaced");
      fs::rename(run.path(), run.aside_, failed);
    }
    if (!failed) fs::rename(fresh, run.path(), failed);
    if (failed) throw Error(path + ": cannot make the run directory: " + failed.message());
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(fresh, ignored);
    throw;
  }
  return run;
}

void RunDirectory::keep_replacement() const {
  std::error_code ignored;
  if (!aside_.empty()) fs::remove_all(aside_, ignored);
}

void RunDirectory::restore_replaced() const {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  if (!aside_.empty()) fs::rename(aside_, path_, ignored);
}

void RunDirectory::tell_of_replaced() const {
  if (!aside_.empty()) say("the run that was to be replaced is in " + aside_);
}

RunDirectory RunDirectory::create_numbered(const std::string& stem) {
  check_writable("runs/" + stem);
  fs::create_directories("runs");
  for (int n = 1;; ++n) {
    const std::string path = "runs/" + stem + "-" + std::to_string(n);
    // create_directory tells who was first when two runs start together.
    if (!fs::create_directory(path)) continue;
    RunDirectory run(path);
    run.lock_ = std::make_shared<const FolderLock>(path);
    make_folders(path);
    return run;
  }
}

RunDirectory RunDirectory::open(const std::string& path) {
  if (!fs::is_directory(path)) throw Error(path + ": no such run directory");
  if (!is_run(path)) throw Error(path + ": not a run of latent (no config.json)");
  return RunDirectory(path);
}

RunDirectory RunDirectory::open_to_write(const std::string& path) {
  RunDirectory run = open(path);
  run.lock_ = std::make_shared<const FolderLock>(path);
  return run;
}

nlohmann::ordered_json config_file(const RunConfig& config,
                                   const nlohmann::ordered_json& provenance,
                                   const nlohmann::ordered_json& read_as) {
  nlohmann::ordered_json out = config_to_json(config);
  out["read_as"] = read_as;
  out["provenance"] = provenance;
  return out;
}

void trim_log(const std::string& path, const FitSteps& steps) {
  if (!fs::exists(path)) return;
  std::istringstream in(read_file(path));
  std::string kept, line;
  while (std::getline(in, line)) {
    const auto entry = json_of(line);
    if (!entry.is_object() || !entry.contains("step")) continue;  // a line cut off by a kill
    const int64_t last = entry.contains("refit")   ? steps.refit
                         : entry.contains("final") ? steps.final
                                                   : steps.first;
    if (entry["step"] <= last) kept += line + "\n";
  }
  write_file(path, kept);
}

}  // namespace latent
