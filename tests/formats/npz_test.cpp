#include "src/formats/npz.h"

#include <cstring>

#include "src/base/error.h"
#include "tests/formats/npz_support.h"

namespace latent {
namespace {

TEST(Npz, GivesBackWhatWasWrittenWithPlainAndWith64BitFields) {
  const TemporaryFolder folder;
  for (const uint64_t zip64_from : {kZip64From, uint64_t{600}, uint64_t{0}}) {
    const NpzReader in(written(folder, zip64_from));
    EXPECT_EQ(in.names(), (std::vector<std::string>{"f", "d", "i", "l", "empty", "t", "number",
                                                    "integer", "flag", "text"}));
    const std::vector<float> f = in.floats("f", NpyShape{20, kAnyExtent});
    ASSERT_EQ(f.size(), 100u);
    for (int n = 0; n < 100; ++n) EXPECT_EQ(f[n], n + 0.5f);
    EXPECT_EQ(in.doubles("d"), (std::vector<double>{1.25, -3e300, 0.1}));
    EXPECT_EQ(in.floats("d")[2], 0.1f);
    EXPECT_EQ(in.doubles("i", NpyShape{1, 2, 3}),
              (std::vector<double>{1, -2, 3, 4, 5, -2147483647}));
    EXPECT_EQ(in.doubles("l"), std::vector<double>{-9007199254740992.});
    EXPECT_TRUE(in.floats("empty", NpyShape{0, 7}).empty());
    EXPECT_EQ(in.texts("t"),
              (std::vector<std::string>{"a", "\xC5\xBE\xE6\xBC\xA2\xF0\x9F\x98\x80", "", "x\xFF"}));
    EXPECT_EQ(in.doubles("number", NpyShape{}), std::vector<double>{2.5});
    EXPECT_EQ(in.doubles("integer"), std::vector<double>{-7});
    EXPECT_EQ(in.doubles("flag"), std::vector<double>{1});
    EXPECT_EQ(in.texts("text"), std::vector<std::string>{"float32"});
    const std::string bytes = read_file(folder.file("w.npz"));  // for readers that look at the type
    for (const char* type : {"'<f4'", "'<f8'", "'<i4'", "'<i8'", "'<U3'", "'|b1'"})
      EXPECT_NE(bytes.find(std::string("'descr': ") + type), std::string::npos) << type;
  }
}

TEST(Npz, ReadsWhatNumpyCompressedAndTurnsFortranOrderIntoCOrder) {
  const TemporaryFolder folder;
  const NpzReader in(folder.write("c.npz", compressed()));
  EXPECT_EQ(in.doubles("fortran", NpyShape{2, 3}),
            (std::vector<double>{0, 0.25, 0.5, 0.75, 1, 1.25}));
  EXPECT_EQ(in.floats("fortran"), (std::vector<float>{0, 0.25f, 0.5f, 0.75f, 1, 1.25f}));
  EXPECT_EQ(in.doubles("zeros"), std::vector<double>(40));
}

TEST(NpzErrors, RefuseFortranOrderOfMoreThanTwoDimensions) {
  const TemporaryFolder folder;
  const NpzReader in(file_of(folder, npy(NpyHeader{"<i4", true, {2, 3, 4}}, std::vector<int>(24))));
  expect_words(LATENT_MESSAGE_OF(Error, in.doubles("a")),
               {"a.npz: a: is in Fortran order", "np.ascontiguousarray"});
}

TEST(Npz, ReadsArraysThatComeInSeveralPieces) {
  const TemporaryFolder folder;
  std::vector<double> many(100'003);
  std::iota(many.begin(), many.end(), -7.0);
  std::vector<std::string> texts;
  for (int n = 0; n < 20'001; ++n) texts.push_back("text " + std::to_string(n * 7919 % 20'001));
  NpzWriter out(folder.file("x.npz"));
  out.add("many", many, {100'003});
  out.add_texts("texts", texts);
  out.commit();
  const NpzReader in(folder.file("x.npz"));
  EXPECT_TRUE(in.doubles("many") == many);
  EXPECT_TRUE(in.texts("texts") == texts);
}

TEST(Npz, ReadsVersion2WithItsLongerLengthField) {
  const TemporaryFolder folder;
  std::string bytes = npy(NpyHeader{"<f8", false, {2}}, std::vector<double>{1, 2});
  bytes[6] = 2;
  bytes.insert(10, 2, '\0');
  EXPECT_EQ(NpzReader(file_of(folder, bytes)).doubles("a"), (std::vector<double>{1, 2}));
}

TEST(NpzErrors, NameTheTypeThatIsNotRead) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& dtype, int bytes) {
    const NpzReader in(
        file_of(folder, npy(NpyHeader{dtype, false, {2}}, std::vector<char>(2 * bytes))));
    return LATENT_MESSAGE_OF(Error, in.floats("a"));
  };
  expect_words(message("<f2", 2), {"a.npz: a", "'<f2'", "float32"});
  expect_words(message("<c8", 8), {"'<c8'"});
  expect_words(message("<U2", 8), {"'<U2'"});
  expect_words(message("<M8[D]", 8), {"'<M8[D]'"});
  expect_words(message(">f4", 4), {"big-endian", "'<f4'"});
  expect_words(message("|O", 8), {"Python objects", "never unpickled"});

  // A structured type is a list of fields; the padding after the dictionary gives way.
  std::string structured = npy(NpyHeader{"<f4", false, {2}}, std::vector<float>(2));
  const size_t padding = structured.rfind(" \n", 128);
  ASSERT_NE(padding, std::string::npos);
  structured.erase(padding - 9, 10);
  structured.replace(structured.find("'<f4'"), 5, "[('m', '<f4')] ");
  const NpzReader fields(file_of(folder, structured));
  expect_words(LATENT_MESSAGE_OF(Error, fields.floats("a")), {"[('m', '<f4')]", "float32"});

  const NpzReader floats(file_of(folder, npy(NpyHeader{"<f4", false, {1}}, std::vector<float>{1})));
  expect_words(LATENT_MESSAGE_OF(Error, floats.texts("a")), {"'<f4'", "list of str"});
}

TEST(NpzErrors, ListTheArraysThatThereAre) {
  const TemporaryFolder folder;
  const NpzReader in(written(folder));
  EXPECT_FALSE(in.has("user_factors"));
  expect_words(LATENT_MESSAGE_OF(Error, in.floats("user_factors")),
               {"w.npz", "no array 'user_factors'", "it has f, d, i, l, empty"});
}

TEST(NpzErrors, SayWhichShapeIsThereAndWhichIsExpected) {
  const TemporaryFolder folder;
  NpzWriter out(folder.file("m.npz"));
  out.add("user_factors", std::vector<float>(943 * 10), {943, 10});
  out.add("alpha", std::vector<float>(1), {1});
  out.commit();
  const NpzReader in(folder.file("m.npz"));
  expect_words(LATENT_MESSAGE_OF(Error, in.floats("user_factors", NpyShape{943, 9}, "set K = 10")),
               {"m.npz: user_factors is 943 x 10, expected 943 x 9; set K = 10"});
  expect_words(LATENT_MESSAGE_OF(Error, in.doubles("user_factors", NpyShape{kAnyExtent, 9})),
               {"user_factors is 943 x 10, expected any x 9; save it with that shape"});
  expect_words(LATENT_MESSAGE_OF(Error, in.doubles("alpha", NpyShape{})),
               {"alpha is 1 long, expected a single value"});
}

TEST(NpzErrors, RefuseHeadersThatDoNotFitTheirBytes) {
  const TemporaryFolder folder;
  const std::vector<float> values(6);
  const auto message = [&](const std::string& bytes) {
    const NpzReader in(file_of(folder, bytes));
    return LATENT_MESSAGE_OF(Error, in.floats("a"));
  };
  expect_words(message(npy(NpyHeader{"<f4", false, {2, 4}}, values)), {"a: is", "2 x 4", "'<f4'"});
  expect_words(message(npy(NpyHeader{"<f4", false, {5}}, values)), {"5 long"});
  // A product that is 6 only when it overflows must not be allocated.
  const int64_t half = int64_t{1} << 32;
  expect_words(message(npy(NpyHeader{"<f4", false, {half, half, 6}}, values)), {"write it again"});
  expect_words(message("\x93NUMPY"), {"ends too early"});
  expect_words(message("not an array at all"), {"is not an array"});

  const std::string good = npy(NpyHeader{"<f4", false, {2, 3}}, values);
  for (const char* from : {"{", "'descr'", "True", "(2", "3)", "}", ": '"}) {
    std::string bad = good;
    const size_t at = bad.find(from == std::string("True") ? "False" : from);
    bad[at + strlen(from) - 1] = '#';
    expect_words(message(bad), {"header that cannot be read"});
  }
}

TEST(NpzWriter, LeavesNothingBehindWithoutCommit) {
  const TemporaryFolder folder;
  {
    NpzWriter out(folder.file("x.npz"));
    out.add_number("a", 1);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace latent
