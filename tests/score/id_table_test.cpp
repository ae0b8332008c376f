#include "src/score/id_table.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_map>

namespace latent {
namespace {

/// Distinct strings over a small alphabet, so that many are prefixes of each other.
std::vector<std::string> random_ids(uint32_t seed, size_t count) {
  static const std::vector<std::string> kPieces = {"a", "b", "0", " ", "'", "\"", "\\", ",",
                                                   "é", "Я", "张", "🙂", std::string(1, '\0')};
  std::mt19937 random(seed);
  std::unordered_map<std::string, int> known;
  std::vector<std::string> out;
  while (out.size() < count) {
    std::string id;
    for (uint32_t n = random() % 8; n > 0; --n) id += kPieces[random() % kPieces.size()];
    if (known.emplace(id, 0).second) out.push_back(id);
  }
  return out;
}

TEST(IdHash, IsThePublishedFnv1a) {
  EXPECT_EQ(id_hash(""), 0x811c9dc5u);
  EXPECT_EQ(id_hash("a"), 0xe40c292cu);
  EXPECT_EQ(id_hash("foobar"), 0xbf9cf968u);
  EXPECT_NE(id_hash("\xff"), id_hash("\x7f"));
}

TEST(IdTable, FindsEveryIdAndNoOther) {
  for (const size_t count : {0, 1, 2, 3, 4, 5, 63, 64, 65, 1000}) {
    const auto every = random_ids(static_cast<uint32_t>(count) + 1, count + 500);
    const std::vector<std::string> names(every.begin(), every.begin() + static_cast<long>(count));
    const OwnedIds owned(names);
    const IdTable ids = owned.table();
    ASSERT_EQ(ids.size(), static_cast<int32_t>(count));
    EXPECT_TRUE(ids.is_sound());
    for (size_t n = 0; n < every.size(); ++n) {
      EXPECT_EQ(ids.find(every[n]), n < count ? static_cast<int32_t>(n) : -1) << every[n];
      if (n < count) {
        EXPECT_EQ(ids[static_cast<int32_t>(n)], every[n]);
      }
    }
  }
}

TEST(IdTable, LeavesHalfOfTheSlotsFree) {
  for (const size_t count : {0, 1, 2, 3, 1000, 1024, 1025}) {
    const auto names = random_ids(7, count);
    const auto slots = id_slots(OwnedIds(names, /*searchable=*/false).table());
    EXPECT_GE(slots.size(), 2 * count);
    EXPECT_EQ(std::count_if(slots.begin(), slots.end(), [](int32_t n) { return n >= 0; }),
              static_cast<long>(count));
  }
}

TEST(IdTable, WithoutSlotsKnowsItsStringsByIndexOnly) {
  const std::vector<std::string> titles = {"one", "", "one"};
  const OwnedIds owned(titles, /*searchable=*/false);
  EXPECT_TRUE(owned.table().is_sound());
  EXPECT_EQ(owned.table()[2], "one");
  EXPECT_EQ(owned.table()[1], "");
  EXPECT_EQ(owned.table().find("one"), -1);
  EXPECT_EQ(IdTable().find("one"), -1);
  EXPECT_EQ(IdTable().size(), 0);
}

TEST(IdTable, TellsArraysThatDoNotFitEachOther) {
  const std::string text = "abcd";
  const std::vector<int64_t> start = {0, 1, 4};
  const auto sound = [&](std::vector<int64_t> s, std::vector<int32_t> slots) {
    return IdTable(text, s, slots).is_sound();
  };
  EXPECT_TRUE(sound(start, {-1, 0, 1, -1}));
  EXPECT_FALSE(sound(start, {-1, 0, 1}));          // not a power of two
  EXPECT_FALSE(sound(start, {-1, 0, 2, -1}));      // an index beyond the last
  EXPECT_FALSE(sound(start, {-2, 0, 1, -1}));
  EXPECT_FALSE(sound(start, {0, 1}));              // none free: the search would not end
  EXPECT_FALSE(sound(start, {-1, 0, -1, -1}));     // one has no slot
  EXPECT_FALSE(sound({0, 3, 2, 4}, {}));           // falls
  EXPECT_FALSE(sound({0, 1, 5}, {}));              // beyond the text
  EXPECT_FALSE(sound({0, 1, 3}, {}));              // short of it
  EXPECT_FALSE(sound({1, 1, 4}, {}));
  EXPECT_FALSE(sound({}, {}));
}

}  // namespace
}  // namespace latent
