#include "src/data/synth.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "src/base/file.h"
#include "tests/data/data_support.h"

namespace latent {
namespace {

RawData made(const SynthOptions& options, const std::string& name = "f.gz") {
  const TemporaryFolder folder;
  write_synthetic(folder.file(name), options);
  return parse_files({folder.file(name)}, {}, /*need_time=*/true);
}

SynthOptions small() {
  SynthOptions options;
  options.users = 600;
  options.items = 400;
  options.ratings = 30000;
  return options;
}

TEST(WriteSynthetic, WritesDistinctPairsOfTheSizeAskedFor) {
  const RawData raw = made(small());
  EXPECT_EQ(raw.format.format, "json");
  EXPECT_EQ(raw.format.user, "user_id");
  EXPECT_EQ(raw.format.item, "book_id");
  EXPECT_EQ(raw.data.rows.size(), 30000);
  EXPECT_EQ(raw.data.users.size(), 600);
  EXPECT_EQ(raw.data.items.size(), 400);
  std::set<std::pair<int32_t, int32_t>> pairs;
  for (int64_t n = 0; n < raw.data.rows.size(); ++n)
    pairs.emplace(raw.data.rows.user[n], raw.data.rows.item[n]);
  EXPECT_EQ(pairs.size(), 30000u);
}

TEST(WriteSynthetic, WritesDistinctPairsByUserAsCsv) {
  SynthOptions options = small();
  options.csv = true;
  const RawData raw = made(options, "f.csv");
  EXPECT_EQ(raw.format.format, "csv");
  const Interactions& rows = raw.data.rows;
  ASSERT_EQ(rows.size(), 30000);
  EXPECT_EQ(raw.data.users.size(), 600);
  EXPECT_TRUE(std::is_sorted(rows.user.begin(), rows.user.end())) << "a user's rows together";
  EXPECT_NE(raw.data.users.name(0), "0") << "users in random order";
  std::set<std::pair<int32_t, int32_t>> pairs;
  for (int64_t n = 0; n < rows.size(); ++n) pairs.emplace(rows.user[n], rows.item[n]);
  EXPECT_EQ(pairs.size(), 30000u);
  const float most = *std::max_element(rows.rating.begin(), rows.rating.end());
  EXPECT_EQ(most, 5);
}

TEST(WriteSynthetic, SaysWhenAUserWouldHaveTooManyItems) {
  SynthOptions options;
  options.csv = true;
  options.users = 1000;
  options.items = 40;
  options.ratings = 7900;
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, write_synthetic("unwritten.csv", options)),
            "synth: the most active user would have 44 of 40 items; lower --ratings, or raise "
            "--users or --items");
  EXPECT_FALSE(std::filesystem::exists("unwritten.csv"));
}

TEST(WriteSynthetic, RoundsToWholeRatings) {
  std::set<float> seen;
  for (const float r : made(small()).data.rows.rating) seen.insert(r);
  for (const float r : seen) EXPECT_TRUE(r == std::floor(r) && r >= 0 && r <= 5) << r;
  EXPECT_GE(seen.size(), 4u);
}

TEST(WriteSynthetic, IsTheSameForTheSameSeedAndGzOrPlain) {
  const TemporaryFolder folder;
  SynthOptions options = small();
  write_synthetic(folder.file("a.gz"), options);
  write_synthetic(folder.file("b.gz"), options);
  write_synthetic(folder.file("plain.json"), options);
  options.seed = 1;
  write_synthetic(folder.file("c.gz"), options);
  EXPECT_TRUE(read_file(folder.file("a.gz")) == read_file(folder.file("b.gz")));
  EXPECT_TRUE(lines_of(folder.file("a.gz")) == lines_of(folder.file("plain.json")));
  EXPECT_FALSE(lines_of(folder.file("a.gz")) == lines_of(folder.file("c.gz")));
}

TEST(WriteSynthetic, PlantsTheVariancesItIsToldTo) {
  SynthOptions options;  // the full size: biases are few, so their spread is felt
  options.round = false;
  const Interactions rows = made(options).data.rows;
  double sum = 0, squares = 0;
  for (const float r : rows.rating) sum += r;
  const double mean = sum / static_cast<double>(rows.size());
  for (const float r : rows.rating) squares += (r - mean) * (r - mean);
  // bias_std twice, the factors' product, the noise
  const double expected = 2 * 0.35 * 0.35 + 0.4 * 0.4 + 0.5 * 0.5;
  EXPECT_NEAR(mean, 3.9, 0.05);
  EXPECT_NEAR(squares / static_cast<double>(rows.size()), expected, 0.06);
}

TEST(WriteSynthetic, LeavesOnlyNoiseWithoutBiasesAndFactors) {
  SynthOptions options = small();
  options.round = false;
  options.bias_std = 0;
  options.factors = 0;
  options.noise = 0.25;
  double squares = 0;
  const Interactions rows = made(options).data.rows;
  for (const float r : rows.rating) squares += (r - 3.9) * (r - 3.9);
  EXPECT_NEAR(std::sqrt(squares / static_cast<double>(rows.size())), 0.25, 0.005);
}

TEST(WriteSynthetic, MakesSomeItemsPopular) {
  const Interactions rows = made(small()).data.rows;
  std::vector<int> counts(400);
  for (const int32_t i : rows.item) ++counts[i];
  std::sort(counts.begin(), counts.end());
  EXPECT_GT(counts[399], 3 * counts[200]);
}

TEST(WriteSynthetic, RefusesSizesThatDoNotFitAndLeavesNoFile) {
  const TemporaryFolder folder;
  SynthOptions options = small();
  options.ratings = 200000;
  EXPECT_TRUE(
      has(LATENT_MESSAGE_OF(Error, write_synthetic(folder.file("f"), options)), "lower --ratings"));
  options.ratings = 0;
  EXPECT_THROW(write_synthetic(folder.file("f"), options), Error);
  EXPECT_THROW(write_synthetic(folder.file("no/f"), small()), Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace latent
