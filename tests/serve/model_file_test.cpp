// Model files that are damaged, made by hand, or of other versions: refused with one line, or
// answering as the whole one does. Never anything else.
#include "src/serve/model_file.h"

#include <cstring>
#include <functional>

#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/formats/crc32.h"
#include "src/formats/safetensors.h"
#include "src/formats/zip.h"
#include "tests/serve/exported_model.h"

namespace latent {
namespace {

/// Everything that a model answers, as text.
std::string answers(const ServedModel& model) {
  std::string out;
  const auto put = [&](const ScoredIds& list) {
    for (const auto& [id, score] : list) out += id + " " + std::to_string(score) + "\n";
  };
  for (int32_t u = 0; u < model.user_ids().size(); ++u) {
    const std::string user(model.user_ids()[u]);
    put(model.recommend(user, 5, true));
    put(model.recommend(user, 5, false));
    put(model.similar_users(user, 3));
    put(model.popular(user, 4, true));
    for (const int32_t i : model.seen().of(u)) out += std::to_string(i) + " ";
  }
  for (int32_t i = 0; i < model.item_ids().size(); ++i) {
    const std::string item(model.item_ids()[i]);
    put(model.similar_items(item, 3));
    out += std::string(model.title(i)) + std::to_string(model.predict(i % model.user_ids().size(), i));
    out += std::to_string(model.find_item(item));
  }
  for (const char* id : {"", "nobody", "a"}) put(model.popular(id, 3, true));
  return out;
}

/// What the file at `path` comes to: its answers, or "" when it is refused by one line.
std::string outcome(const std::string& path) {
  try {
    return answers(ServedModel(path));
  } catch (const Error& e) {
    const std::string line = e.what();
    EXPECT_TRUE(line.starts_with(path)) << line;
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    EXPECT_LT(line.size(), 400u) << line;
    return "";
  }
}

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
void for_each_kind(const std::function<void(const std::string& whole, const std::string& path)>& fn) {
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

/// `whole` with the manifest changed by `change` and whatever vouches for it made to fit again, as
/// somebody with evil intentions would. (safetensors: its header has no checksum.)
std::string forged(const std::string& whole,
                   const std::function<void(nlohmann::ordered_json&)>& change) {
  const auto header_bytes = value_at<uint64_t>(whole.data());
  auto header = nlohmann::ordered_json::parse(whole.substr(8, header_bytes));
  auto manifest =
      nlohmann::ordered_json::parse(header["__metadata__"]["latent"].get<std::string>());
  change(manifest);
  const std::string forgery = manifest.dump();
  char digits[12];
  std::snprintf(digits, sizeof digits, "%08x", crc32_of(forgery.data(), forgery.size()));
  header["__metadata__"] = {{"latent", forgery}, {"latent_crc32", digits}};
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t size = text.size();
  return std::string(reinterpret_cast<const char*>(&size), 8) + text +
         whole.substr(8 + header_bytes);
}

TEST(ForgedModel, ThatLiesAboutItsArraysIsRefused) {
  const Exported e(/*user_count=*/6, /*item_count=*/9);
  export_safetensors(e.path, e.spec());
  const std::string whole = read_file(e.path);
  using Json = nlohmann::ordered_json;
  const std::vector<std::pair<const char*, std::function<void(Json&)>>> lies = {
      {"a shape that is larger", [](Json& m) { m["arrays"]["gamma_user"]["shape"] = {7, 3}; }},
      {"a product that overflows",
       [](Json& m) {
         m["arrays"]["gamma_user"]["shape"] = {int64_t{1} << 62, 4, 18};
       }},
      {"a negative extent", [](Json& m) { m["arrays"]["gamma_user"]["shape"] = {-6, -3}; }},
      {"an extent that is no integer", [](Json& m) { m["arrays"]["gamma_user"]["shape"] = {1e300}; }},
      {"factors of no width", [](Json& m) { m["arrays"]["gamma_item"]["shape"] = {0, int64_t{1} << 40}; }},
      {"another array's bytes", [](Json& m) { m["arrays"]["gamma_user"]["member"] = "beta_item"; }},
      {"an array that is not there", [](Json& m) { m["arrays"]["gamma_user"]["member"] = "nowhere"; }},
      {"another type", [](Json& m) { m["arrays"]["gamma_user"]["type"] = "int32"; }},
      {"an unknown type", [](Json& m) { m["arrays"]["gamma_user"]["type"] = "float8"; }},
      {"too few checksums", [](Json& m) { m["arrays"]["gamma_user"]["crc32"] = ""; }},
      {"another checksum", [](Json& m) { m["arrays"]["gamma_user"]["crc32"] = "00000000"; }},
      {"no checksums", [](Json& m) { m["arrays"]["gamma_user"]["crc32"] = "0000000g"; }},
      {"half of the factors", [](Json& m) { m["arrays"].erase("gamma_user"); }},
      {"no ids", [](Json& m) { m["arrays"].erase("user_table.text"); }},
      {"no histories", [](Json& m) { m["arrays"].erase("seen_start"); }},
      {"no arrays", [](Json& m) { m.erase("arrays"); }},
      {"arrays that are a list", [](Json& m) { m["arrays"] = {1, 2}; }},
      {"no facts", [](Json& m) { m["model"] = 3; }},
      {"a range that is none", [](Json& m) { m["model"]["rating_low"] = 9; }},
      {"no format", [](Json& m) { m.erase("format"); }},
      {"a format below 1", [](Json& m) { m["format"] = -1; }},
      {"a format that is text", [](Json& m) { m["format"] = "4"; }},
  };
  for (const auto& [what, lie] : lies) {
    write_file(e.path, forged(whole, lie));
    EXPECT_EQ(outcome(e.path), "") << what;
  }
  write_file(e.path, forged(whole, [](Json&) {}));
  EXPECT_NE(outcome(e.path), "") << "the forger's tools work";
}

/// An array of the model that is replaced by others of the same length, checksums made to fit.
template <typename T>
std::string with_array(const std::string& whole, const std::string& name,
                       const std::function<void(std::span<T>)>& change) {
  const auto header_bytes = value_at<uint64_t>(whole.data());
  const auto header = nlohmann::json::parse(whole.substr(8, header_bytes));
  const auto from = header[name]["data_offsets"][0].get<size_t>(),
             to = header[name]["data_offsets"][1].get<size_t>();
  std::string bytes = whole;
  char* const data = bytes.data() + 8 + header_bytes;
  std::vector<T> values((to - from) / sizeof(T));
  std::memcpy(values.data(), data + from, to - from);
  change(values);
  std::memcpy(data + from, values.data(), to - from);
  char digits[12];
  std::snprintf(digits, sizeof digits, "%08x", crc32_of(data + from, to - from));
  return forged(bytes, [&](nlohmann::ordered_json& m) { m["arrays"][name]["crc32"] = digits; });
}

TEST(ForgedModel, WhoseIndicesLeadOutOfItIsRefused) {
  const Exported e(/*user_count=*/6, /*item_count=*/9);
  export_safetensors(e.path, e.spec());
  const std::string whole = read_file(e.path);
  const auto refused = [&](const std::string& bytes) {
    write_file(e.path, bytes);
    return outcome(e.path).empty();
  };
  for (const int64_t wrong : {int64_t{-1}, int64_t{1} << 40, int64_t{25}}) {
    for (const char* name : {"seen_start", "user_table.start", "item_table.start"})
      EXPECT_TRUE(refused(with_array<int64_t>(
          whole, name, [&](std::span<int64_t> values) { values[1] = wrong; }))) << name << wrong;
  }
  for (const int32_t wrong : {-1, 9, 1 << 30}) {
    EXPECT_TRUE(refused(with_array<int32_t>(
        whole, "seen_items", [&](std::span<int32_t> values) { values[2] = wrong; }))) << wrong;
  }
  EXPECT_TRUE(refused(with_array<int32_t>(whole, "seen_items", [](std::span<int32_t> values) {
    std::swap(values[0], values[1]);
  }))) << "not ascending";
  for (const int32_t wrong : {-2, 6, 1 << 30})
    EXPECT_TRUE(refused(with_array<int32_t>(whole, "user_table.slots", [&](std::span<int32_t> slots) {
      slots[0] = wrong;
    }))) << wrong;
  EXPECT_TRUE(refused(with_array<int32_t>(whole, "user_table.slots", [](std::span<int32_t> slots) {
    std::ranges::fill(slots, 0);
  }))) << "a search that would never end";
}

TEST(ModelOfANewerVersion, IsRefusedByItsNumber) {
  const Exported e(6, 9);
  export_safetensors(e.path, e.spec());
  write_file(e.path, forged(read_file(e.path), [](nlohmann::ordered_json& m) { m["format"] = 5; }));
  try {
    ServedModel model(e.path.string());
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("format 5"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("newer version"), std::string::npos) << error.what();
  }
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
  expect_close(svd.similar_items("b2", 3), {{"b3", 0.790497362613678},
                                            {"b8", 0.3731933832168579},
                                            {"b6", 0.30584219098091125}});
  expect_close(bpr.similar_items("b2", 3), {{"b1", 0.778156042098999},
                                            {"b8", 0.6297380924224854},
                                            {"b5", 0.5541455745697021}});
  expect_close(bpr.similar_users("u2", 3), {{"u7", 0.9894506335258484},
                                            {"u5", 0.9860511422157288},
                                            {"u3", 0.9846814870834351}});
  expect_close(bpr.rank_items("u1", {"b1", "b2", "b3"}), {{"b3", 0.03992735594511032},
                                                          {"b1", -0.0953485369682312},
                                                          {"b2", -0.19672901928424835}});
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
