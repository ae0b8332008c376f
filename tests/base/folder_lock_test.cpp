#include "src/base/folder_lock.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "src/base/error.h"

namespace latent {
namespace {

namespace fs = std::filesystem;

std::string complaint_of_lock(const std::string& folder) {
  try {
    const FolderLock lock(folder);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(FolderLock, RefusesAFolderThatIsHeldAndTakesItOnceItIsFree) {
  const std::string folder = fs::path(::testing::TempDir()) / "folder_lock_test";
  fs::create_directories(folder);
  {
    const FolderLock first(folder);  // locks belong to open files, not to processes
    EXPECT_EQ(complaint_of_lock(folder),
              folder + ": another process is at work in it; wait for its end");
  }
  EXPECT_EQ(complaint_of_lock(folder), "");
  fs::remove_all(folder);
  EXPECT_EQ(complaint_of_lock(folder), folder + ": cannot open: No such file or directory");
}

}  // namespace
}  // namespace latent
