#include "src/formats/sections.h"

#include <numeric>

#include "src/base/error.h"
#include "tests/support.h"

namespace latent {
namespace {

constexpr std::string_view kMagic = "TESTING1";

/// Arrays of no, some and more values than are read at a time.
struct Arrays {
  std::vector<int32_t> numbers = std::vector<int32_t>(100'001);
  std::vector<double> none;
  std::string text = "any text";
  Arrays() { std::iota(numbers.begin(), numbers.end(), 7); }
};

std::string written(const TemporaryFolder& folder, const Arrays& arrays = {}) {
  SectionsWriter out(folder.file("s"), kMagic, R"({"a":1})");
  out.add(arrays.numbers);
  out.add(arrays.none);
  out.add(arrays.text.data(), arrays.text.size());
  out.commit();
  return folder.file("s");
}

TEST(Sections, GiveBackWhatWasWritten) {
  const TemporaryFolder folder;
  const Arrays arrays;
  SectionsReader in(written(folder, arrays), kMagic, "test file");
  EXPECT_EQ(in.header()["a"], 1);
  std::vector<int32_t> numbers;
  std::vector<double> none;
  std::string text(arrays.text.size(), '-');
  in.next_values(numbers, arrays.numbers.size());
  in.next_values(none, 0);
  EXPECT_EQ(in.left(), text.size());
  in.next(text.data(), text.size());
  in.finish();
  EXPECT_TRUE(numbers == arrays.numbers);
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(text, arrays.text);
}

TEST(Sections, ArePassedOverButChecked) {
  const TemporaryFolder folder;
  const Arrays arrays;
  std::string bytes = read_file(written(folder, arrays));
  const auto text_of = [&](const std::string& path) {
    SectionsReader in(path, kMagic, "test file");
    std::string text;
    in.next(nullptr, arrays.numbers.size() * sizeof(int32_t));
    in.next_values(text, arrays.text.size());
    in.finish();
    return text;
  };
  EXPECT_EQ(text_of(folder.file("s")), arrays.text);
  bytes[2000] ^= 1;  // among what is passed over
  const std::string path = folder.write("damaged", bytes);
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, text_of(path)),
            path + ": the test file is damaged (checksum)");
}

TEST(Sections, RefuseToGiveMoreThanThereIsBeforeMemoryIsAskedFor) {
  const TemporaryFolder folder;
  const std::string path = written(folder);
  for (const uint64_t count :
       {uint64_t{200'000}, uint64_t{1} << 40, uint64_t{1} << 62, ~uint64_t{0}}) {
    SectionsReader in(path, kMagic, "test file");
    std::vector<int32_t> numbers;
    EXPECT_EQ(LATENT_MESSAGE_OF(Error, in.next_values(numbers, count)),
              path + ": the test file is cut short");
  }
}

TEST(Sections, RefuseToEndBeforeTheFileDoes) {
  const TemporaryFolder folder;
  SectionsReader in(written(folder), kMagic, "test file");
  in.next(nullptr, 12);
  EXPECT_NE(LATENT_MESSAGE_OF(Error, in.finish()).find("damaged"), std::string::npos);
}

TEST(Sections, TellOtherFilesFromOtherVersions) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& bytes) {
    return LATENT_MESSAGE_OF(Error, SectionsReader(folder.write("x", bytes), kMagic, "test file"));
  };
  const std::string where = folder.file("x");
  EXPECT_EQ(message(""), where + ": not a test file of latent");
  EXPECT_EQ(message("TESTING"), where + ": not a test file of latent");
  EXPECT_EQ(message("PK, quite another kind"), where + ": not a test file of latent");
  EXPECT_EQ(message("TESTING2 and so on"),
            where + ": a test file of version '2', which a newer latent wrote; this one reads "
                    "version 1");
  EXPECT_EQ(message("TESTING0 and so on"),
            where + ": a test file of version '0', which an earlier latent wrote; this one reads "
                    "version 1");
  EXPECT_EQ(message("TESTING1"), where + ": the test file is cut short");
  EXPECT_EQ(message("TESTING1" + std::string(8, '\xFF')), where + ": the test file is cut short");
}

TEST(InputFile, IsARegularFile) {
  const TemporaryFolder folder;
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, InputFile(folder.path())),
            folder.path() + ": is a folder; give a file");
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, InputFile("/dev/zero")), "/dev/zero: is not a regular file");
  EXPECT_NE(LATENT_MESSAGE_OF(Error, InputFile(folder.file("none"))).find("No such file"),
            std::string::npos);
}

TEST(InputFile, SaysThatItWasCutWhileItWasRead) {
  const TemporaryFolder folder;
  const InputFile file(folder.write("x", "0123456789"));
  EXPECT_EQ(file.text_at(8, 10), "89");
  EXPECT_EQ(file.text_at(80, 10), "");
  std::filesystem::resize_file(folder.file("x"), 4);
  char bytes[10];
  EXPECT_NE(LATENT_MESSAGE_OF(Error, file.read(0, bytes, 10)).find("cut while it was read"),
            std::string::npos);
}

}  // namespace
}  // namespace latent
