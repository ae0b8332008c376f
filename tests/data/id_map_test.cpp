#include "src/data/id_map.h"

#include <unordered_map>

#include "src/base/rng.h"
#include "tests/support.h"

namespace latent {
namespace {

/// Short random bytes, NUL and all: many repeats.
std::string random_id(RandomStream& random) {
  std::string id(random.below(4), ' ');
  for (char& c : id) c = static_cast<char>(random.below(256));
  return id;
}

TEST(IdMap, IsABijectionInOrderOfFirstAppearance) {
  IdMap ids;
  std::unordered_map<std::string, int32_t> twin;
  RandomStream random = Rng(1).stream("ids");
  for (int n = 0; n < 100000; ++n) {
    const std::string id = random_id(random);
    const int32_t expected = twin.emplace(id, static_cast<int32_t>(twin.size())).first->second;
    ASSERT_EQ(ids.add(id), expected);
  }
  ASSERT_EQ(ids.size(), static_cast<int32_t>(twin.size()));
  EXPECT_GT(ids.size(), 10000);
  for (const auto& [id, index] : twin) {
    ASSERT_EQ(ids.find(id), index);
    ASSERT_EQ(ids.name(index), id);
  }
}

TEST(IdMap, FindsNothingThatWasNotAdded) {
  IdMap ids;
  EXPECT_EQ(ids.find("x"), -1);
  EXPECT_EQ(ids.size(), 0);
  for (int n = 0; n < 1000; ++n) ids.add("id" + std::to_string(n));
  for (const char* absent : {"", "id", "id1000", "ID5", "id5 ", "5"})
    EXPECT_EQ(ids.find(absent), -1) << absent;
  EXPECT_EQ(ids.size(), 1000);
}

TEST(IdMap, TellsApartWhatOnlyTheBoundariesTell) {
  IdMap ids;
  EXPECT_EQ(ids.add("ab"), 0);
  EXPECT_EQ(ids.add("a"), 1);
  EXPECT_EQ(ids.add("b"), 2);
  EXPECT_EQ(ids.add(""), 3);
  EXPECT_EQ(ids.add(std::string_view("a\0", 2)), 4);
  EXPECT_EQ(ids.names(), (std::vector<std::string>{"ab", "a", "b", "", std::string("a\0", 2)}));
}

TEST(IdMap, ComesBackFromItsText) {
  for (const int count : {0, 1, 31, 32, 33, 64, 1000}) {
    IdMap ids;
    for (int n = 0; n < count; ++n) ids.add("id" + std::to_string(n * 7));
    IdMap back(ids.text(), ids.ends());
    EXPECT_EQ(back.names(), ids.names());
    for (int n = 0; n < count; ++n) EXPECT_EQ(back.find("id" + std::to_string(n * 7)), n);
    EXPECT_EQ(back.find("absent"), -1);
    EXPECT_EQ(back.add("one more"), count);
    EXPECT_EQ(back.add("one more"), count);
  }
}

}  // namespace
}  // namespace latent
