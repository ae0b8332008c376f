// Pickles that nobody's pickler writes: refused, in little time and memory.
#include "src/formats/pickle.h"

#include "src/base/bytes.h"
#include "tests/support.h"

namespace latent {
namespace {

using Attributes = std::map<std::string, Pickled>;

TEST(Pickle, GivesTheAttributesOfAnObject) {
  // c__torch__\nModule\n ) \x81 } ( X "a" K 7 X "list" ] ( K 1 K 2 e u b .
  std::string text = "\x80\2c__torch__\nModule\n)\x81}(";
  const auto put = [&](const std::string& name) {
    text += 'X';
    append_bytes(text, static_cast<uint32_t>(name.size()));
    text += name;
  };
  put("a");
  text += "K\7";
  put("list");
  text += "](K\1K\2eub.";
  const Attributes found = pickled_attributes(text);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(std::get<int64_t>(found.at("a")->value), 7);
  EXPECT_EQ(std::get<std::vector<Pickled>>(found.at("list")->value).size(), 2u);
}

TEST(Pickle, CutShortAnywhereIsRefused) {
  const std::string text = "\x80\2c__torch__\nModule\n)\x81}(K\1K\2ub.";
  EXPECT_NO_THROW(pickled_attributes(text));
  for (size_t size = 0; size < text.size(); ++size)
    EXPECT_THROW(pickled_attributes(text.substr(0, size)), std::runtime_error) << size;
}

// Freed one within the other they would overflow the stack.
TEST(Pickle, NestedWithoutEndIsRefused) {
  EXPECT_NO_THROW(pickled_attributes(")" + std::string(50, '\x85') + "."));
  for (const size_t depth : {200u, 1'000'000u})
    EXPECT_THROW(pickled_attributes(")" + std::string(depth, '\x85') + "."), std::runtime_error);
}

TEST(Pickle, ThatAddsToAListWithoutEndIsRefused) {
  std::string text = "]";
  for (int n = 0; n < 20'000; ++n) text += "(K\1e";
  EXPECT_NO_THROW(pickled_attributes(text.substr(0, 1 + 4 * 400) + "."));
  for (int n = 0; n < 20'000; ++n) text += "(K\1e";
  EXPECT_THROW(pickled_attributes(text + "."), std::runtime_error);
}

TEST(Pickle, TensorsOfMoreExtentsThanAnyHasAreRefused) {
  std::string shape = "(";
  for (int n = 0; n < 1000; ++n) shape += "K\1";
  shape += 't';
  std::string text = "ctorch._utils\n_rebuild_tensor_v2\n(";
  const auto put = [&](const std::string& word) {
    text += 'X';
    append_bytes(text, static_cast<uint32_t>(word.size()));
    text += word;
  };
  text += '(';
  put("storage");
  text += "ctorch\nFloatStorage\n";
  put("0");
  put("cpu");
  text += "K\1tQ";
  text += std::string("K\0", 2) + shape + shape + "tR.";
  EXPECT_THROW(pickled_attributes(text), std::runtime_error);
}

}  // namespace
}  // namespace latent
