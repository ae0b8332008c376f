#include "src/formats/npz.h"

#include <sys/resource.h>
#include <zlib.h>

#include <cstring>
#include <numeric>

#include "src/base/error.h"
#include "src/formats/zip.h"
#include "tests/support.h"

namespace latent {
namespace {

/// The words that the message must hold, all of them.
void expect_words(const std::string& message, std::initializer_list<const char*> words) {
  for (const char* word : words)
    EXPECT_NE(message.find(word), std::string::npos) << "no '" << word << "' in: " << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

/// A file with one array of `bytes` as they stand.
std::string file_of(const TemporaryFolder& folder, const std::string& bytes,
                    const std::string& entry = "a.npy") {
  ZipWriter zip(folder.file("a.npz"));
  zip.add(entry, bytes.size(),
          [&](const ZipSink& sink) { sink(bytes.data(), bytes.size()); });
  zip.commit();
  return folder.file("a.npz");
}

template <typename T>
std::string npy(const NpyHeader& header, const std::vector<T>& values) {
  return header.bytes() +
         std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

std::string written(const TemporaryFolder& folder, uint64_t zip64_from = kZip64From) {
  std::vector<float> f(100);
  std::iota(f.begin(), f.end(), 0.5f);
  const std::vector<double> d = {1.25, -3e300, 0.1};
  const std::vector<int32_t> i = {1, -2, 3, 4, 5, -2147483647};
  const std::vector<int64_t> l = {-(int64_t{1} << 53)};
  const std::vector<std::string> t = {"a", "\xC5\xBE\xE6\xBC\xA2\xF0\x9F\x98\x80", "", "x\xFF"};
  NpzWriter out(folder.file("w.npz"), zip64_from);
  out.add("f", f, {20, 5});
  out.add("d", d, {3});
  out.add("i", i, {1, 2, 3});
  out.add("l", l, {1, 1});
  out.add("empty", std::span<const float>(), {0, 7});
  out.add_texts("t", t);
  out.add_number("number", 2.5);
  out.add_integer("integer", -7);
  out.add_flag("flag", true);
  out.add_text("text", "float32");
  out.commit();
  return folder.file("w.npz");
}

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

// np.savez_compressed(file, fortran=np.asfortranarray(np.arange(6.).reshape(2, 3) / 4),
//                     zeros=np.zeros(40, "i4")), NumPy 2
constexpr const char* kCompressed =
    "504b03042d00000008000000210058d8d625ffffffffffffffff0b001400666f727472616e2e6e707901001000b0"
    "0000000000000056000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9366a1aea3a09e965f"
    "54529498179f5f94920a120f292a4d050a17672416a402b91a463a0ac69a3a0ab50ae4032e0614f0c21e425f80d2"
    "1fa0f40328fdc51e00504b03042d00000008000000210031324292ffffffffffffffff090014007a65726f732e6e"
    "707901001000200100000000000048000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9369"
    "a2aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416a402f91a26063a9a3a0ab50ae4032e8641"
    "0e00504b01022d032d00000008000000210058d8d62556000000b00000000b000000000000000000000080010000"
    "0000666f727472616e2e6e7079504b01022d032d0000000800000021003132429248000000200100000900000000"
    "000000000000008001930000007a65726f732e6e7079504b0506000000000200020070000000160100000000";

std::string compressed() {
  std::string out;
  for (const char* c = kCompressed; *c != '\0'; c += 2)
    out += static_cast<char>(std::stoi(std::string(c, 2), nullptr, 16));
  return out;
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

TEST(NpzErrors, SayThatAFileIsNoZip) {
  const TemporaryFolder folder;
  for (const std::string text : {"", "P", "user,item\n1,2\n"}) {
    const std::string path = folder.write("x.npz", text);
    expect_words(LATENT_MESSAGE_OF(Error, NpzReader in(path)),
                 {path.c_str(), "is not an .npz", "np.savez"});
  }
  const std::string single = folder.write("x.npy", NpyHeader{"<f4", false, {}}.bytes());
  expect_words(LATENT_MESSAGE_OF(Error, NpzReader in(single)), {"single array", "np.savez"});
  expect_words(LATENT_MESSAGE_OF(Error, NpzReader in(folder.path())), {"is a folder"});
  expect_words(LATENT_MESSAGE_OF(Error, NpzReader in(folder.file("none.npz"))),
               {"none.npz: cannot open", "No such file"});
}

// Whatever is cut off, the table of contents at the end goes first.
TEST(NpzErrors, SayThatAFileIsCutShortWhereverItIsCut) {
  const TemporaryFolder folder;
  const std::string whole = read_file(written(folder));
  for (size_t bytes = 2; bytes < whole.size(); bytes += 13) {
    const std::string path = folder.write("cut.npz", whole.substr(0, bytes));
    expect_words(LATENT_MESSAGE_OF(Error, NpzReader in(path)), {"cut.npz", "cut short", "copy it"});
  }
}

TEST(NpzErrors, SayWhichArrayIsDamaged) {
  const TemporaryFolder folder;
  std::string bytes =
      read_file(file_of(folder, npy(NpyHeader{"<f4", false, {3}}, std::vector<float>{1, 2, 3})));
  const size_t value = bytes.find("\n", 64) + 1;  // after the padding of the .npy header
  const auto message = [&](const std::string& damaged) {
    const std::string path = folder.write("x.npz", damaged);
    return LATENT_MESSAGE_OF(Error, NpzReader(path).floats("a"));
  };
  std::string damaged = bytes;
  damaged[value + 2] ^= 1;
  expect_words(message(damaged), {"x.npz: a.npy", "CRC-32"});

  damaged = bytes;
  damaged[0] = 'P', damaged[2] = 9;
  expect_words(message(damaged), {"a.npy", "no header"});

  const size_t directory = bytes.rfind("PK\1\2");
  damaged = bytes;
  damaged[directory + 44] = 1;  // the local header's offset, third byte: 64 KiB
  expect_words(message(damaged), {"a.npy", "beyond the file's end", "cut short"});

  damaged = bytes;
  damaged[directory + 21] = damaged[directory + 25] = 0x70;  // both sizes, second byte
  expect_words(message(damaged), {"a.npy", "beyond the file's end"});

  damaged = bytes;
  damaged[directory + 24] ^= 1;  // size as read, but not as stored
  expect_words(message(damaged), {"a.npy", "contradict"});

  damaged = bytes;
  damaged[directory + 10] = 12;  // bzip2
  expect_words(message(damaged), {"a.npy", "method 12", "store or deflate"});

  damaged = bytes;
  damaged[directory + 8] = 1;
  expect_words(message(damaged), {"a.npy", "encrypted"});
}

TEST(NpzErrors, RefuseTwoArraysOfOneName) {
  const TemporaryFolder folder;
  const std::string path = folder.file("x.npz");
  NpzWriter out(path);
  out.add_number("a", 1);
  out.add_number("a", 2);
  out.commit();
  expect_words(LATENT_MESSAGE_OF(Error, NpzReader in(path)), {"x.npz", "two entries", "'a.npy'"});
}

// A small file may not name many members that share its few bytes, each of which unpacks to much.
TEST(NpzErrors, RefuseMembersThatCouldNotAllLieInTheFile) {
  const TemporaryFolder folder;
  std::string bytes = read_file(written(folder));
  const size_t last = bytes.rfind("PK\1\2");
  for (const size_t size : {20, 24}) bytes[last + size + 1] = 0x10;  // packed, unpacked: 4 KiB more
  expect_words(LATENT_MESSAGE_OF(Error, NpzReader in(folder.write("x.npz", bytes))),
               {"x.npz", "reaches beyond the file's end"});
}

/// `bytes` as a member of an archive that says it is the deflate stream of `claimed` bytes.
std::string deflated_file(const TemporaryFolder& folder, const std::string& text,
                          uint32_t claimed) {
  std::string packed(1000, '\0');
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(packed.data());
  z.avail_out = static_cast<uInt>(packed.size());
  deflate(&z, Z_FINISH);
  packed.resize(z.total_out);
  deflateEnd(&z);
  std::string bytes = read_file(file_of(folder, packed));
  const size_t directory = bytes.find("PK\1\2");
  bytes[directory + 10] = 8;  // deflated
  std::memcpy(&bytes[directory + 24], &claimed, sizeof claimed);
  return folder.write("deflated.npz", bytes);
}

TEST(NpzErrors, TakeNoMemoryForValuesThatAreOnlyClaimed) {
  const auto peak_bytes = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return int64_t{usage.ru_maxrss} * 1024;
  };
  const TemporaryFolder folder;
  const int64_t before = peak_bytes();
  for (const char* type : {"<f4", "<U4"}) {
    NpyHeader header{type, false, {0}};
    header.shape[0] = 1'200'000'000 / header.width();
    const std::string text = header.bytes() + "abcd";
    const NpzReader in(
        deflated_file(folder, text, static_cast<uint32_t>(header.bytes().size()) + 1'200'000'000));
    const auto read = [&] { type[1] == 'f' ? void(in.doubles("a")) : void(in.texts("a")); };
    expect_words(LATENT_MESSAGE_OF(Error, read()), {"a.npy", "deflate stream is broken"});
  }
  EXPECT_LT(peak_bytes() - before, 300'000'000);
}

TEST(NpzErrors, NeverTakeADamagedDeflateStreamForData) {
  const TemporaryFolder folder;
  const std::string whole = compressed();
  const size_t first = whole.find("fortran.npy") + 11 + 20;  // name, 64-bit sizes
  const size_t second = whole.find("PK\3\4", first);
  int broken = 0;
  for (size_t at = first; at < second; ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(~damaged[at]);
    const NpzReader in(folder.write("x.npz", damaged));
    const std::string message = LATENT_MESSAGE_OF(Error, in.doubles("fortran"));
    expect_words(message, {"x.npz: fortran"});
    broken += message.find("deflate stream is broken") != std::string::npos;
    EXPECT_EQ(in.doubles("zeros"), std::vector<double>(40)) << "the other array is whole";
  }
  EXPECT_GT(broken, 0);
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
