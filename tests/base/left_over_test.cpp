#include "src/base/left_over.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <vector>

#include "tests/support.h"

namespace latent {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> left_in(const TemporaryFolder& folder) {
  std::vector<std::string> out;
  for_each_left_over(
      folder.path(), [](const std::string& name) { return has_fresh_suffix(name, ".tmp-"); },
      [&](const fs::path& path) { out.push_back(path.filename().string()); });
  return out;
}

TEST(FreshSuffix, IsKnownAgainAndNothingElseIs) {
  const std::string suffix = fresh_suffix(".tmp-");
  EXPECT_EQ(suffix.size(), 21u);
  EXPECT_NE(suffix, fresh_suffix(".tmp-"));
  EXPECT_TRUE(has_fresh_suffix("m.pt" + suffix, ".tmp-"));
  for (const char* name : {"", "m.pt", "m.pt.tmp", "m.pt.tmp-12", "m.pt.tmp-0123456789abcdeX",
                           "m.pt.tmp-0123456789abcdef0", "m.pt.new-0123456789abcdef"})
    EXPECT_FALSE(has_fresh_suffix(name, ".tmp-")) << name;
}

TEST(LeftOver, IsWhatNobodyHoldsAnyMore) {
  const TemporaryFolder folder;
  const std::string dead = "a" + fresh_suffix(".tmp-"), alive = "b" + fresh_suffix(".tmp-");
  folder.write(dead, "half");
  const int held = ::open(folder.write(alive, "half").c_str(), O_WRONLY);
  ASSERT_EQ(::flock(held, LOCK_EX), 0);
  folder.write("a.tmp", "mine");
  EXPECT_EQ(left_in(folder), std::vector<std::string>{dead});
  ::close(held);
  EXPECT_EQ(left_in(folder).size(), 2u);
}

TEST(LeftOver, OfAFolderThatIsNotThereIsNothing) {
  for_each_left_over(
      "/nowhere", [](const std::string&) { return true; }, [](const fs::path&) { FAIL(); });
}

}  // namespace
}  // namespace latent
