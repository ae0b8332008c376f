#include "src/config/data_sources.h"

#include <cerrno>

#include "src/config/complaints.h"
#include "src/data/text_blocks.h"
#include "tests/support.h"

namespace latent {
namespace {

const std::string kMissing = "data/ml-100k/none.data";
const std::string kSaid =
    kMissing + ": cannot open: No such file or directory; scripts/fetch_data.sh ml-100k brings it";

TEST(HowToGet, NamesTheScriptThatPutsTheFileThere) {
  EXPECT_EQ(how_to_get(kMissing), "scripts/fetch_data.sh ml-100k brings it");
  EXPECT_EQ(how_to_get("./data/x/../ml-1m/movies.dat"), "scripts/fetch_data.sh ml-1m brings it");
  EXPECT_EQ(how_to_get("/clone/data/goodreads_fantasy.tsv"),
            "scripts/fetch_data.sh fantasy brings it");
  EXPECT_EQ(how_to_get("data/quickstart.json.gz"), "scripts/quickstart.sh makes it");
}

TEST(HowToGet, HasNothingToSayOfOtherFiles) {
  for (const char* path : {"", "u.data", "data/mine.csv", "data/ml-100k-mine/u.data",
                           "shared/ml-100k/u.data", "mydata/ml-100k/u.data", "ml-100k/data"})
    EXPECT_EQ(how_to_get(path), "") << path;
}

TEST(CannotOpen, NamesTheScriptOnlyWhereThereIsNoSuchFile) {
  errno = ENOENT;
  EXPECT_STREQ(cannot_open(kMissing).what(), kSaid.c_str());
  errno = EACCES;
  EXPECT_EQ(std::string(cannot_open(kMissing).what()),
            kMissing + ": cannot open: Permission denied");
  errno = ENOENT;
  EXPECT_STREQ(cannot_open("mine.csv").what(), "mine.csv: cannot open: No such file or directory");
}

TEST(AMissingDataFile, IsNamedWithItsScriptByConfigsAndByReaders) {
  EXPECT_EQ(complaints(resolve_config("{}", "c", {"data.path=" + kMissing})),
            std::vector<std::string>{kSaid});
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, TextBlocks(kMissing, 1 << 16)), kSaid);
}

}  // namespace
}  // namespace latent
