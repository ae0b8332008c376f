#include "src/run/run_directory.h"

#include <unistd.h>

#include <sstream>

#include "src/base/error.h"
#include "src/base/file.h"
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
  if (!is_run(path) && !fs::is_empty(path))
    throw Error(path +
                ": is not a run of latent (no config.json), so --overwrite will not replace it");
  check_writable(path);
}

RunDirectory RunDirectory::create(const std::string& path, bool overwrite) {
  check_can_create(path, overwrite);
  const RunDirectory run(fs::path(path).has_filename() ? path
                                                       : fs::path(path).parent_path().string());
  std::error_code failed;
  if (overwrite && fs::exists(run.path())) {
    fs::remove_all(run.aside(), failed);
    fs::rename(run.path(), run.aside(), failed);
  }
  if (failed) throw Error(path + ": cannot replace the run directory: " + failed.message());
  make_folders(run.path());
  return run;
}

void RunDirectory::keep_replacement() const {
  std::error_code ignored;
  fs::remove_all(aside(), ignored);
}

void RunDirectory::restore_replaced() const {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  if (fs::exists(aside())) fs::rename(aside(), path_, ignored);
}

RunDirectory RunDirectory::create_numbered(const std::string& stem) {
  check_writable("runs/" + stem);
  fs::create_directories("runs");
  for (int n = 1;; ++n) {
    const std::string path = "runs/" + stem + "-" + std::to_string(n);
    // create_directory tells who was first when two runs start together.
    if (!fs::create_directory(path)) continue;
    make_folders(path);
    return RunDirectory(path);
  }
}

RunDirectory RunDirectory::open(const std::string& path) {
  if (!fs::is_directory(path)) throw Error(path + ": no such run directory");
  if (!is_run(path)) throw Error(path + ": not a run of latent (no config.json)");
  return RunDirectory(path);
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
    const auto entry = nlohmann::json::parse(line, nullptr, false);
    if (entry.is_discarded() || !entry.contains("step")) continue;  // a line cut off by a kill
    const int64_t last = entry.contains("refit")   ? steps.refit
                         : entry.contains("final") ? steps.final
                                                   : steps.first;
    if (entry["step"] <= last) kept += line + "\n";
  }
  write_file(path, kept);
}

}  // namespace latent
