// Model files made by somebody with evil intentions, whose checksums fit: refused with one line.
#include <cstring>
#include <functional>

#include "src/base/bytes.h"
#include "src/base/file.h"
#include "src/formats/crc32.h"
#include "tests/serve/model_answers.h"

namespace latent {
namespace {

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
       [](Json& m) { m["arrays"]["gamma_user"]["shape"] = {int64_t{1} << 62, 4, 18}; }},
      {"a negative extent", [](Json& m) { m["arrays"]["gamma_user"]["shape"] = {-6, -3}; }},
      {"an extent that is no integer",
       [](Json& m) { m["arrays"]["gamma_user"]["shape"] = {1e300}; }},
      {"factors of no width",
       [](Json& m) { m["arrays"]["gamma_item"]["shape"] = {0, int64_t{1} << 40}; }},
      {"another array's bytes", [](Json& m) { m["arrays"]["gamma_user"]["member"] = "beta_item"; }},
      {"an array that is not there",
       [](Json& m) { m["arrays"]["gamma_user"]["member"] = "nowhere"; }},
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
      {"a fold_in that is a number", [](Json& m) { m["fold_in"] = 3; }},
      {"a fold_in of no kind", [](Json& m) { m["fold_in"] = {{"objective", "magic"}}; }},
      {"a fold_in with a penalty below 0",
       [](Json& m) {
         m["fold_in"] = {{"objective", "sum"}, {"factor_penalty", {{"scale", -1}}}};
       }},
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
      EXPECT_TRUE(refused(
          with_array<int64_t>(whole, name, [&](std::span<int64_t> values) { values[1] = wrong; })))
          << name << wrong;
  }
  for (const int32_t wrong : {-1, 9, 1 << 30}) {
    EXPECT_TRUE(refused(with_array<int32_t>(whole, "seen_items", [&](std::span<int32_t> values) {
      values[2] = wrong;
    }))) << wrong;
  }
  EXPECT_TRUE(refused(with_array<int32_t>(whole, "seen_items", [](std::span<int32_t> values) {
    std::swap(values[0], values[1]);
  }))) << "not ascending";
  for (const int32_t wrong : {-2, 6, 1 << 30})
    EXPECT_TRUE(refused(with_array<int32_t>(whole, "user_table.slots",
                                            [&](std::span<int32_t> slots) { slots[0] = wrong; })))
        << wrong;
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

}  // namespace
}  // namespace latent
