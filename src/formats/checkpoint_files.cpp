#include "src/formats/checkpoint_files.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "src/base/error.h"

namespace latent {

namespace fs = std::filesystem;

fs::path checkpoint_file(const fs::path& folder, int64_t step) {
  char name[40];
  std::snprintf(name, sizeof name, "step-%012lld.ckpt", static_cast<long long>(step));
  return folder / name;
}

std::vector<fs::path> checkpoint_files(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(folder, absent)) {
    if (entry.path().extension() == ".ckpt") out.push_back(entry.path());
  }
  // A folder that cannot be read is no empty one: a run would begin anew.
  if (absent && absent != std::errc::no_such_file_or_directory &&
      absent != std::errc::not_a_directory)
    throw SystemError(folder.string() + ": cannot open: " + absent.message());
  std::sort(out.begin(), out.end());
  return out;
}

int64_t newest_checkpoint_step(const fs::path& folder) {
  const auto all = checkpoint_files(folder);
  if (all.empty()) return 0;
  const std::string name = all.back().stem();  // step-000000000040
  return std::atoll(name.substr(name.find('-') + 1).c_str());
}

}  // namespace latent
