#include "src/run/run_directory.h"

#include <unistd.h>

#include <sstream>
#include <utility>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/log.h"
#include "src/base/json_text.h"
#include "src/config/write.h"
#include "src/run/run_folders.h"

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

/// A folder that is about to become a run: with its config, and held.
class FreshFolder {
 public:
  FreshFolder(const std::string& run, const std::string& config) {
    settle_left_over(run);
    try {
      take_fresh(run);
      write_file(path_ + "/config.json", config);
    } catch (...) {
      remove();
      throw;
    }
  }
  ~FreshFolder() {
    if (!named_) remove();
  }
  FreshFolder(const FreshFolder&) = delete;
  FreshFolder& operator=(const FreshFolder&) = delete;

  const std::string& path() const { return path_; }
  /// Once it bears the run's name.
  std::shared_ptr<const FolderLock> take() {
    named_ = true;
    return std::move(lock_);
  }

 private:
  /// Until it is locked, another process may take it for what a killed one left.
  void take_fresh(const std::string& run) {
    for (int tries = 0;; ++tries) {
      path_ = fresh_folder(run);
      make_folders(path_);
      try {
        lock_ = lock_of_name(path_);
        return;
      } catch (const Error&) {
        if (tries == 10) throw;
      }
    }
  }

  void remove() const {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  std::string path_;
  std::shared_ptr<const FolderLock> lock_;
  bool named_ = false;
};

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
  if (!is_run(path) && !is_untrained(path))
    throw Error(path +
                ": is not a run of latent (no config.json), so --overwrite will not replace it");
  check_writable(path);
}

RunDirectory RunDirectory::create(const std::string& path, bool overwrite,
                                  const std::string& config) {
  check_can_create(path, overwrite);
  RunDirectory run(fs::path(path).has_filename() ? path : fs::path(path).parent_path().string());
  // The new folder is held before it bears its name, the old one while it gives its name away: of
  // two that replace a run at once, one is refused.
  FreshFolder fresh(run.path(), config);
  if (overwrite && fs::exists(run.path())) {
    const auto old = lock_of_name(run.path());
    exchange_names(fresh.path(), run.path());
    run.lock_ = fresh.take();
    run.aside_ = name_aside(fresh.path(), run.path());
  } else {
    if (!give_name(fresh.path(), run.path()))
      throw Error(path + ": the run directory exists by now; choose another");
    run.lock_ = fresh.take();
  }
  return run;
}

void RunDirectory::keep_replacement() const {
  std::error_code ignored;
  if (!aside_.empty()) fs::remove_all(aside_, ignored);
}

void RunDirectory::restore_replaced() const {
  std::error_code ignored;
  if (aside_.empty()) {
    fs::remove_all(path_, ignored);
    return;
  }
  try {
    exchange_names(aside_, path_);
    fs::remove_all(aside_, ignored);
  } catch (const Error&) {  // what went wrong before is told
    tell_of_replaced();
  }
}

void RunDirectory::tell_of_replaced() const {
  if (!aside_.empty()) say("the run that was to be replaced is in " + aside_);
}

RunDirectory RunDirectory::create_numbered(const std::string& stem, const std::string& config) {
  check_writable("runs/" + stem);
  FreshFolder fresh("runs/" + stem, config);
  for (int n = 1;; ++n) {
    RunDirectory run("runs/" + stem + "-" + std::to_string(n));
    // The renaming tells who was first when two runs start together.
    if (!give_name(fresh.path(), run.path())) continue;
    run.lock_ = fresh.take();
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
