#include "src/data/id_map.h"

#include <algorithm>
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

/// Ids of 0 to 40 bytes in a small alphabet, so that they repeat and share beginnings and ends.
std::string id_of_any_length(RandomStream& random) {
  std::string id(random.below(41), 'a');
  for (int changes = 0; !id.empty() && changes < 2; ++changes)
    id[random.below(static_cast<uint32_t>(id.size()))] = static_cast<char>('`' + random.below(3));
  return id;
}

TEST(IdMap, AddsManyAtOnceAsOneByOne) {
  RandomStream random = Rng(2).stream("ids");
  std::string text;  // the ids side by side, and what may be read after the last
  std::vector<size_t> ends = {0};
  for (std::string id; ends.size() <= 50000; ends.push_back(text.size())) {
    if (random.below(3) > 0) id = id_of_any_length(random);  // or that of the row before
    text += id;
  }
  text.append(IdMap::kPadding, '?');
  std::vector<std::string_view> ids;
  for (size_t n = 0; n + 1 < ends.size(); ++n)
    ids.push_back(std::string_view(text).substr(ends[n], ends[n + 1] - ends[n]));
  IdMap one, many;
  std::unordered_map<std::string_view, int32_t> twin;
  std::vector<int32_t> indices(ids.size());
  for (size_t at = 0, n = 0; at < ids.size(); at += n) {
    n = std::min<size_t>(random.below(400), ids.size() - at);
    many.add_all(std::span(ids).subspan(at, n), indices.data() + at);
  }
  for (size_t n = 0; n < ids.size(); ++n) {
    const int32_t expected = twin.emplace(ids[n], static_cast<int32_t>(twin.size())).first->second;
    ASSERT_EQ(indices[n], expected);
    ASSERT_EQ(one.add(ids[n]), expected);
    ASSERT_EQ(many.name(expected), ids[n]);
  }
  EXPECT_EQ(many.ends(), one.ends());
  EXPECT_EQ(many.text(), one.text());
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
