// Model files that are damaged, made by hand, or of other versions: refused with one line, or
// answering as the whole one does. Never anything else.
#include "src/serve/model_file.h"

#include <cstring>
#include <functional>

#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/formats/safetensors.h"
#include "src/formats/zip.h"
#include "tests/serve/model_answers.h"

namespace latent {
namespace {

struct Tally {
  int refused = 0, alike = 0;
};

/// Damages `whole` in `tries` ways and counts what comes of each.
Tally damage(const std::string& whole, const std::string& path, int tries,
             const std::function<void(std::string&, std::mt19937&)>& hurt) {
  write_file(path, whole);
  const std::string expected = outcome(path);
  EXPECT_FALSE(expected.empty());
  Tally tally;
  std::mt19937 random(7);
  for (int n = 0; n < tries; ++n) {
    std::string bytes = whole;
    hurt(bytes, random);
    write_file(path, bytes);
    const std::string got = outcome(path);
    if (got.empty()) {
      ++tally.refused;
    } else {
      EXPECT_EQ(got, expected) << "try " << n << " answers otherwise";
      ++tally.alike;
    }
  }
  return tally;
}

/// Both kinds of files of one small model, and what to do with each.
void for_each_kind(
    const std::function<void(const std::string& whole, const std::string& path)>& fn) {
  const Exported e(/*user_count=*/6, /*item_count=*/9);
  fn(read_file(e.path), e.path);
  export_safetensors(e.path, e.spec());
  fn(read_file(e.path), e.path);
}

TEST(DamagedModel, OfOneFlippedByteIsRefusedOrAnswersAlike) {
  for_each_kind([](const std::string& whole, const std::string& path) {
    const Tally tally = damage(whole, path, 300, [](std::string& bytes, std::mt19937& random) {
      bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
    });
    EXPECT_GT(tally.refused, 0);
  });
}

TEST(DamagedModel, OfZeroedAndRepeatedBytesIsRefusedOrAnswersAlike) {
  for_each_kind([](const std::string& whole, const std::string& path) {
    const Tally tally = damage(whole, path, 150, [](std::string& bytes, std::mt19937& random) {
      const size_t from = random() % bytes.size();
      const size_t count = std::min<size_t>(1 + random() % 200, bytes.size() - from);
      if (random() % 2 == 0)
        std::memset(&bytes[from], 0, count);
      else
        bytes.replace(from, count, bytes.substr(random() % (bytes.size() - count), count));
    });
    EXPECT_GT(tally.refused, 0);
  });
}

TEST(DamagedModel, CutAnywhereIsRefused) {
  for_each_kind([](const std::string& whole, const std::string& path) {
    const Tally tally = damage(whole, path, 100, [](std::string& bytes, std::mt19937& random) {
      bytes.resize(random() % bytes.size());
    });
    EXPECT_EQ(tally.refused, 100);
  });
}

TEST(ModelZip, WithNamesThatLeadOutOfItIsRefused) {
  const Exported e(6, 9);
  std::string bytes = read_file(e.path);
  for (size_t at = 0; (at = bytes.find("archive/data/3", at)) != std::string::npos; ++at)
    bytes.replace(at, 14, "archive/../d/3");
  write_file(e.path, bytes);
  EXPECT_EQ(outcome(e.path), "");
}

/// Gives a member of a zip another name of the same length, wherever it stands.
void rename_member(std::string& bytes, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = bytes.find(from, at)) != std::string::npos; ++at) {
    // The name's length, in a local header and in the table of contents.
    const bool local = value_at<uint32_t>(&bytes[at - 30]) == 0x04034b50;
    if (value_at<uint16_t>(&bytes[at - (local ? 4 : 18)]) == from.size())
      bytes.replace(at, from.size(), to);
  }
}

TEST(ModelZip, WhoseMembersAreSwappedIsRefused) {
  const Exported e(6, 9);
  std::string bytes = read_file(e.path);
  // Of one length: beta_user [U] and user_rows [U].
  rename_member(bytes, "archive/data/1", "archive/data/X");
  rename_member(bytes, "archive/data/9", "archive/data/1");
  rename_member(bytes, "archive/data/X", "archive/data/9");
  write_file(e.path, bytes);
  EXPECT_EQ(outcome(e.path), "");
}

/// Written by version 0.1.0 in its third format, whose arrays only the module's pickle describes;
/// what it answered then. The CRC-32 of any member is checked before it is used.
TEST(ModelOfAnEarlierVersion, AnswersAsItDid) {
  const std::string folder = std::string(LATENT_SOURCE_DIR) + "/tests/data/formats/";
  const ServedModel svd(folder + "model-v3-svd.pt"), bpr(folder + "model-v3-implicit_bpr.pt");
  EXPECT_EQ(svd.predict("u1", "b2"), 1) << "clipped";
  expect_close(svd.recommend("u1", 4, true), {{"b3", 0.06471648812294006},
                                              {"b5", 0.04204954206943512},
                                              {"b2", 0.03823143243789673},
                                              {"b7", -0.030365655198693275}});
  expect_close(
      svd.similar_items("b2", 3),
      {{"b3", 0.790497362613678}, {"b8", 0.3731933832168579}, {"b6", 0.30584219098091125}});
  expect_close(bpr.similar_items("b2", 3),
               {{"b1", 0.778156042098999}, {"b8", 0.6297380924224854}, {"b5", 0.5541455745697021}});
  expect_close(
      bpr.similar_users("u2", 3),
      {{"u7", 0.9894506335258484}, {"u5", 0.9860511422157288}, {"u3", 0.9846814870834351}});
  expect_close(
      bpr.rank_items("u1", {"b1", "b2", "b3"}),
      {{"b3", 0.03992735594511032}, {"b1", -0.0953485369682312}, {"b2", -0.19672901928424835}});
}

TEST(ModelOfAnEarlierVersion, DamagedIsRefusedOrAnswersAlike) {
  const Exported e(6, 9);  // for its path
  const std::string whole =
      read_file(std::string(LATENT_SOURCE_DIR) + "/tests/data/formats/model-v3-svd.pt");
  const Tally tally = damage(whole, e.path, 300, [](std::string& bytes, std::mt19937& random) {
    bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
  });
  EXPECT_GT(tally.refused, 0);
}

TEST(ModelFile, HoldsTheSameInBothKindsAndBothWaysOfHolding) {
  const Exported e;
  const std::string expected = answers(ServedModel(e.path));
  EXPECT_EQ(answers(ServedModel(e.path, Hold::kCopied)), expected);
  export_safetensors(e.path, e.spec());
  EXPECT_EQ(answers(ServedModel(e.path)), expected);
  EXPECT_EQ(answers(ServedModel(e.path, Hold::kCopied)), expected);
}

TEST(ModelFile, ThatWasCopiedOutlivesItsFile) {
  const Exported e;
  const std::string expected = answers(ServedModel(e.path));
  const ServedModel model(e.path, Hold::kCopied);
  std::filesystem::resize_file(e.path, 10);
  EXPECT_EQ(answers(model), expected);
}

TEST(ModelFile, ChecksOnlyWhatIsUsed) {
  Exported e(/*user_count=*/40, /*item_count=*/300);
  e.tables.gamma_user = torch::randn({40, 4000});  // 640 kB: three blocks
  e.tables.gamma_item = torch::randn({300, 4000});
  e.write();
  std::string bytes = read_file(e.path);
  const float last = e.tables.gamma_user[39][3999].item<float>();
  const size_t at = bytes.find(std::string(reinterpret_cast<const char*>(&last), 4));
  ASSERT_NE(at, std::string::npos);
  bytes[at] ^= 1;
  write_file(e.path, bytes);
  const ServedModel model(e.path.string());
  EXPECT_NO_THROW(model.predict(e.user_ids[0], e.item_ids[0]));
  EXPECT_THROW(model.predict(e.user_ids[39], e.item_ids[0]), Error);
  EXPECT_THROW((void)model.view(), Error);
}

}  // namespace
}  // namespace latent
