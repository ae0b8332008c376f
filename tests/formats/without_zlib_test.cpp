// What a build without zlib says of what needs it: compiled into a namespace of its own.
#include "tests/support.h"

#define latent without_zlib
#include "src/base/error.cpp"  // NOLINT: see above
#include "src/base/file.cpp"   // NOLINT
#include "src/base/left_over.cpp"  // NOLINT
#include "src/base/gz_writer_none.cpp"    // NOLINT
#include "src/data/gz_stream_none.cpp"    // NOLINT
#include "src/formats/inflate_none.cpp"   // NOLINT
#undef latent

namespace without_zlib {
namespace {

TEST(WithoutZlib, AGzFileIsRefusedWithWhatToDo) {
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, GzStream("ratings.gz")),
            "ratings.gz: a gz file, which this build cannot read since it has no zlib; unpack the "
            "file first, or install zlib1g-dev and build again");
}

TEST(WithoutZlib, NoGzFileIsWritten) {
  const latent::TemporaryFolder folder;
  AtomicFile file(folder.file("a.csv.gz"));
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, GzWriter{file}),
            "this build has no zlib, so it writes no .gz files; leave .gz off the name, or install "
            "zlib1g-dev and build again");
}

TEST(WithoutZlib, ACompressedMemberIsRefusedAndAStoredOneRead) {
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, Unpacker(true)),
            "an archive has a compressed member, which this build cannot read since it has no "
            "zlib; write it uncompressed, or install zlib1g-dev and build again");
  std::string out;
  Unpacker stored(false);
  EXPECT_TRUE(stored.unpack("text", 4, [&](const void* data, size_t bytes) {
    out.append(static_cast<const char*>(data), bytes);
  }));
  EXPECT_EQ(out, "text");
  EXPECT_TRUE(stored.ended());
}

}  // namespace
}  // namespace without_zlib
