// Files of today's formats, kept so that later versions go on reading them; those of newer ones are
// refused with their version. Checkpoints: tests/train/checkpoint_test.cpp; sweeps:
// tests/cli/test_formats.py.
#include <cstdio>

#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/data/cache.h"
#include "src/formats/crc32.h"
#include "src/formats/npz.h"
#include "src/formats/sections.h"
#include "src/run/per_user_file.h"
#include "src/serve/served_model.h"
#include "tests/support.h"

namespace latent {
namespace {

const std::string kFolder = std::string(LATENT_SOURCE_DIR) + "/tests/data/formats/";
constexpr const char* kCache = "a2d6184ad3894573.cache";

std::string key_in(const std::string& path) {
  return SectionsReader(path, "LATCAC02", "cache file").header().at("key").get<std::string>();
}

TEST(KeptFile, CacheOfVersion2IsRead) {
  const auto raw = load_cached(kFolder, key_in(kFolder + kCache));
  ASSERT_TRUE(raw);
  const Dataset& data = raw->data;
  ASSERT_EQ(data.rows.size(), 32);
  EXPECT_EQ(data.users.names(), (std::vector<std::string>{"u1", "u2", "u3", "u4", "u5", "u6"}));
  EXPECT_EQ(data.items.size(), 8);
  EXPECT_EQ(data.users.name(data.rows.user[31]), "u6");
  EXPECT_EQ(data.items.name(data.rows.item[31]), "b8");
  EXPECT_EQ(data.rows.rating[31], 4);
  EXPECT_EQ(raw->format.format, "csv");
  EXPECT_EQ(raw->part_ends, std::vector<int64_t>{32});
}

TEST(KeptFile, CacheOfANewerVersionIsNamedAndPassedOver) {
  const TemporaryFolder folder;
  std::string bytes = read_file(kFolder + kCache);
  const std::string key = key_in(kFolder + kCache);
  bytes[7] = '3';
  folder.write(kCache, bytes);
  testing::internal::CaptureStderr();
  EXPECT_EQ(load_cached(folder.path(), key), std::nullopt);
  EXPECT_NE(testing::internal::GetCapturedStderr().find(
                "a cache file of version '3', which a newer latent wrote; this one reads version 2; "
                "reading the data again"),
            std::string::npos);
}

/// `bytes` of a cache with the header's first `from` made `to`, of one length, and a checksum that
/// fits.
std::string forged(std::string bytes, const std::string& from, const std::string& to) {
  bytes.replace(bytes.find(from), from.size(), to);
  const uint32_t sum = crc32_of(bytes.data(), bytes.size() - sizeof sum);
  bytes.replace(bytes.size() - sizeof sum, sizeof sum, reinterpret_cast<const char*>(&sum),
                sizeof sum);
  return bytes;
}

// A checksum says that a file is as it was written, not by whom.
TEST(KeptFile, CacheWhoseIndicesLeadOutOfItIsPassedOver) {
  const TemporaryFolder folder;
  const std::string whole = read_file(kFolder + kCache), key = key_in(kFolder + kCache);
  testing::internal::CaptureStderr();
  EXPECT_EQ(forged(whole, "rows", "rows"), whole);
  const std::string u6(4, '\5'), row = std::string("\5\0\0\0", 4);
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {R"("part_ends":[32])", R"("part_ends":[33])"},
           {R"("part_ends":[32])", R"("part_ends":[-1])"},
           {row, std::string("\6\0\0\0", 4)},           // a user beyond the last
           {row, std::string("\xFF\xFF\xFF\xFF", 4)},   // and before the first
           {R"("bytes":12,"count":6)", R"("bytes":12,"count":7)"},
           {R"("rows":32)", R"("rows":-1)"}}) {
    folder.write(kCache, forged(whole, from, to));
    EXPECT_EQ(load_cached(folder.path(), key), std::nullopt) << from << " -> " << to;
  }
  EXPECT_NE(testing::internal::GetCapturedStderr().find("damaged"), std::string::npos);
}

TEST(KeptFile, TablesAndFiguresAreRead) {
  const NpzReader tables(kFolder + "tables-v1.npz");
  EXPECT_EQ(tables.floats("gamma_item", NpyShape{8, 2}).size(), 16u);
  EXPECT_EQ(tables.texts("item_ids").at(7), "b8");
  const PerUserFigures figures = read_per_user(kFolder + "per_user-v1.npz");
  EXPECT_EQ(figures.user, (std::vector<int32_t>{0, 1, 5}));
  EXPECT_NEAR(figures.squared_error.at(1), 1.41361302, 1e-8);
}

TEST(KeptFile, ModelOfFormat4AnswersAsItDid) {
  for (const char* name : {"model-v4-ials.pt", "model-v4-ials.safetensors"}) {
    const ServedModel model(kFolder + name);
    model.check_all();
    const ScoredIds list = model.recommend("u1", 3, /*exclude_seen=*/true);
    ASSERT_EQ(list.size(), 3u) << name;
    EXPECT_EQ(list[0].first, "b5");
    EXPECT_NEAR(list[0].second, 0.05089, 1e-5);
    EXPECT_EQ(list[1].first, "b2");
    EXPECT_EQ(list[2].first, "b8");
    EXPECT_EQ(model.title("b5"), "Title 5");
    EXPECT_EQ(model.fold_in(std::vector<RatedId>{{"b1"}}).factors.size(), 3u);
  }
}

TEST(KeptFile, ModelOfANewerFormatIsRefusedByThatName) {
  const TemporaryFolder folder;
  const std::string whole = read_file(kFolder + "model-v4-ials.safetensors");
  const auto size = value_at<uint64_t>(whole.data());
  auto header = nlohmann::ordered_json::parse(whole.substr(8, size));
  auto manifest =
      nlohmann::ordered_json::parse(header["__metadata__"]["latent"].get<std::string>());
  manifest["format"] = 5;
  const std::string text = manifest.dump();
  char digits[12];
  std::snprintf(digits, sizeof digits, "%08x", crc32_of(text.data(), text.size()));
  header["__metadata__"] = {{"latent", text}, {"latent_crc32", digits}};
  const std::string fresh = header.dump();
  std::string bytes;
  append_bytes(bytes, static_cast<uint64_t>(fresh.size()));
  const std::string path = folder.write("m.safetensors", bytes + fresh + whole.substr(8 + size));
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, ServedModel model(path)),
            path + ": is of format 5, which a newer version of latent wrote; this one reads "
                   "formats up to 4");
}

// 200 MB of blanks in 200 kB, as a description that JSON would take.
TEST(KeptFile, ModelWhoseTextsUnpackWithoutEndIsRefusedAtOnce) {
  const TemporaryFolder folder;
  const std::string name = "archive/extra/latent.json";
  std::string zip;
  const auto about = [&](uint32_t signature) {
    append_bytes(zip, signature);
    if (signature == 0x02014b50) append_bytes(zip, uint16_t{20});
    append_bytes(zip, uint16_t{20}, uint16_t{0}, uint16_t{8}, uint32_t{0}, /*crc*/ uint32_t{0},
                 /*packed*/ uint32_t{4}, /*unpacked*/ uint32_t{900'000'000},
                 static_cast<uint16_t>(name.size()), uint16_t{0});
  };
  about(0x04034b50);
  zip += name + "\1\2\3\4";
  const auto directory = static_cast<uint32_t>(zip.size());
  about(0x02014b50);
  append_bytes(zip, uint16_t{0}, uint16_t{0}, uint16_t{0}, uint32_t{0}, uint32_t{0});
  zip += name;
  const auto bytes = static_cast<uint32_t>(zip.size()) - directory;
  append_bytes(zip, uint32_t{0x06054b50}, uint32_t{0}, uint16_t{1}, uint16_t{1}, bytes, directory,
               uint16_t{0});
  const std::string path = folder.write("bomb.pt", zip);
  const std::string message = LATENT_MESSAGE_OF(Error, ServedModel model(path));
  EXPECT_NE(message.find("latent.json unpacks to 900000000 bytes"), std::string::npos) << message;
}

}  // namespace
}  // namespace latent
