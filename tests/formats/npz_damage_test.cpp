#include <sys/resource.h>
#include <zlib.h>

#include <cstring>

#include "src/base/error.h"
#include "tests/formats/npz_support.h"

namespace latent {
namespace {

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
  expect_words(message(damaged), {"a.npy", "no header", "cut short"});

  damaged = bytes;
  damaged[directory + 21] = damaged[directory + 25] = 0x70;  // both sizes, second byte
  expect_words(message(damaged), {"a.npy", "beyond the file's end"});

  damaged = bytes;
  damaged[directory + 24] ^= 1;  // size as read, but not as stored
  expect_words(message(damaged), {"x.npz", "contents table is broken"});

  damaged = bytes;
  damaged[directory + 10] = 12;  // bzip2
  expect_words(message(damaged), {"a.npy", "method 12", "store or deflate"});

  damaged = bytes;
  damaged[directory + 8] = 1;
  expect_words(message(damaged), {"a.npy", "encrypted"});
}

TEST(NpzErrors, RefuseTextsThatAreNoIds) {
  const TemporaryFolder folder;
  const std::string path = folder.file("x.npz");
  NpzWriter out(path);
  out.add_texts("ids", std::vector<std::string>{"a", std::string(70'000, 'x')});
  out.commit();
  expect_words(LATENT_MESSAGE_OF(Error, NpzReader(path).texts("ids")),
               {"x.npz: ids", "texts of 70000 characters", "up to 65536"});
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
    expect_words(LATENT_MESSAGE_OF(Error, read()), {"a.npy", "shorter"});
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

}  // namespace
}  // namespace latent
