// Files that hold no rows are refused by name, plain or in gz, with what to do.
#include "src/data/file_kind.h"

#include "tests/data/data_support.h"

namespace latent {
namespace {

struct Sample {
  std::string bytes, name, remedy;
};

std::string tar_of(const std::string& name) {
  std::string out(1024, '\0');
  out.replace(0, name.size(), name);
  out.replace(257, 5, "ustar");
  return out;
}

TEST(RefuseOtherKinds, NamesTheKindAndTheRemedy) {
  const std::string zeros(600, '\0');
  for (const Sample& sample :
       std::vector<Sample>{{"PK\x03\x04....", "zip", "unpack"},
                           {"BZh91AY&SY", "bzip2", "bunzip2"},
                           {std::string("\xFD"
                                        "7zXZ\0",
                                        6),
                            "xz", "unxz"},
                           {"\x28\xB5\x2F\xFD....", "zstd", "unzstd"},
                           {tar_of("ratings.csv"), "tar", "unpack"},
                           {std::string("\xFF\xFEu\0,\0i\0\n\0", 10), "UTF-16", "iconv"},
                           {std::string("\xFE\xFF\0u\0,\0i\0\n", 10), "UTF-16", "iconv"},
                           {std::string("u\0s\0e\0r\0,\0i\0\n\0", 14), "UTF-16", "iconv"},
                           {"PAR1....", "Parquet", "csv"},
                           {"PAR1\x15\x04, ;" + zeros, "Parquet", "csv"},
                           {std::string("\x93NUMPY\x01\0", 8), "NumPy", "savetxt"},
                           {"\x89HDF\r\n\x1A\n", "HDF5", "csv"},
                           {std::string("SQLite format 3\0", 16), "SQLite", "sqlite3"},
                           {"\xD0\xCF\x11\xE0....", "Excel", "csv"},
                           {"\x80\x04\x95....", "pickle", "csv"},
                           {"<!DOCTYPE html>\n<html>", "HTML", "log-in"},
                           {"\n\n  <HTML>x,y", "HTML", "log-in"},
                           {"<?xml version=\"1.0\"?>", "XML", "csv"},
                           {"version https://git-lfs.github.com/spec/v1\noid sha256:4d\n",
                            "Git LFS", "git lfs pull"},
                           {"@RELATION rating\n@ATTRIBUTE user NUMERIC\n", "ARFF", "data.user"},
                           {"% a comment\n% more\n@relation r\n", "ARFF", "data.user"},
                           {"CREATE TABLE ratings (a int, b int);\n", "SQL", "csv"},
                           {"3 1:1 10:1\n4 1:1 11:1\n", "LIBSVM", "data.format"},
                           {"4.5 0:1 2000:1\n", "libFM", "data.format"},
                           {"1 |u a |i b\n-1 |u c |i d\n", "VW", "data.separator"},
                           {"|u a |i b\n", "VW", "data.separator"},
                           {"4 | user_1:1 item_2:1\n", "VW", "data.separator"}}) {
    for (const std::string& bytes : {sample.bytes, gz_of(sample.bytes)}) {
      const std::string error = parse_error(bytes);
      EXPECT_EQ(error.rfind("f:", 0), 0u) << error;
      EXPECT_TRUE(has(error, sample.name)) << sample.name << " not in: " << error;
      EXPECT_TRUE(has(error, sample.remedy)) << sample.remedy << " not in: " << error;
    }
  }
  EXPECT_TRUE(has(parse_error(gz_of(gz_of("u,i,1\n"))), "compressed by gzip twice"));
}

TEST(RefuseOtherKinds, LeavesRowsAloneWhoseIdsBeginAlike) {
  for (const char* text :
       {"PAR1,10,3\nb,11,4\n", "BZh,10,3\n", "PK,1,2\n", "ORC;1;2\n", "RDX3\t1\t2\n", "Rar,1,2\n",
        "1|10|3\n", "1 | 10 | 3\n", "version,item,3\n"})
    EXPECT_NO_THROW(refuse_other_kinds("f", text)) << text;
  EXPECT_EQ(rows_of("1 | 10 | 3\n"), (std::vector<NamedRow>{{"1", "10", 3}}));
}

}  // namespace
}  // namespace latent
