#include "src/data/file_kind.h"

#include <algorithm>

#include "src/base/error.h"

namespace latent {

namespace {

struct Kind {
  std::string_view start;
  const char* what;
  const char* remedy;
};

using namespace std::string_view_literals;

constexpr const char* kToCsv = "write it as csv first (pandas: to_csv(index=False))";

/// Told by their first bytes, exactly.
constexpr Kind kBinary[] = {
    {"PK\x03\x04"sv, "a zip archive (xlsx and npz are zip archives too)",
     "unpack it, and give the file inside"},
    {"PK\x05\x06"sv, "an empty zip archive", "fetch the file again"},
    {"\xFD"
     "7zXZ"sv,
     "compressed by xz", "unpack it with unxz (plain text and gz are read)"},
    {"\x28\xB5\x2F\xFD"sv, "compressed by zstd",
     "unpack it with unzstd (plain text and gz are read)"},
    {"\x04\x22\x4D\x18"sv, "compressed by lz4",
     "unpack it with unlz4 (plain text and gz are read)"},
    {"\x1F\x9D"sv, "compressed by compress", "unpack it with uncompress"},
    {"\x1F\x8B"sv, "compressed by gzip twice", "unpack it once with gunzip"},
    {"7z\xBC\xAF\x27\x1C"sv, "a 7z archive", "unpack it, and give the file inside"},
    {"Rar!\x1A\x07"sv, "a rar archive", "unpack it, and give the file inside"},
    {"\xFF\xFE"sv, "text in UTF-16", "convert it (iconv -f UTF-16 -t UTF-8)"},
    {"\xFE\xFF"sv, "text in UTF-16", "convert it (iconv -f UTF-16 -t UTF-8)"},
    {"\x93NUMPY"sv, "a NumPy array", "write it as text first (numpy.savetxt)"},
    {"\x89HDF\r\n\x1A\n"sv, "an HDF5 file", kToCsv},
    {"SQLite format 3"sv, "an SQLite database",
     "write its table as csv first (sqlite3 -csv FILE 'select ...')"},
    {"\xD0\xCF\x11\xE0"sv, "an Excel workbook (xls)", "save the sheet as csv"},
    {"%PDF"sv, "a PDF document", "give the file of ratings itself"},
};

/// Told by their first bytes where no text follows: an id may begin so as well.
constexpr Kind kLettered[] = {
    {"BZh"sv, "compressed by bzip2", "unpack it with bunzip2 (plain text and gz are read)"},
    {"PAR1"sv, "a Parquet file", kToCsv},
    {"PARE"sv, "an encrypted Parquet file", kToCsv},
    {"ARROW1"sv, "an Arrow (Feather) file", kToCsv},
    {"FEA1"sv, "a Feather file", kToCsv},
    {"ORC"sv, "an ORC file", kToCsv},
    {"Obj\x01"sv, "an Avro file", kToCsv},
    {"MATLAB 5.0"sv, "a MATLAB file", "write it as csv first (scipy.io.loadmat reads it)"},
    {"RDX2\n"sv, "an R data file", "write it as csv first (write.csv)"},
    {"RDX3\n"sv, "an R data file", "write it as csv first (write.csv)"},
};

/// Told by the first word of their text, in any case.
constexpr Kind kTexts[] = {
    {"<!doctype html", "a page of HTML, not data",
     "the download may need a log-in or another address"},
    {"<html", "a page of HTML, not data", "the download may need a log-in or another address"},
    {"<head", "a page of HTML, not data", "the download may need a log-in or another address"},
    {"<body", "a page of HTML, not data", "the download may need a log-in or another address"},
    {"<?xml", "XML", "write it as csv or one JSON object a line first"},
    {"version https://git-lfs", "a Git LFS pointer, not the file itself",
     "fetch the file with: git lfs pull"},
    {"@relation", "an ARFF file",
     "take out the lines up to @DATA and name the columns by data.user, "
     "data.item and data.rating, or write it as csv"},
    {"@attribute", "an ARFF file", "write it as csv first"},
    {"create table", "an SQL dump", "load it into a database and write the table as csv"},
    {"insert into", "an SQL dump", "load it into a database and write the table as csv"},
    {"-- mysql dump", "an SQL dump", "load it into a database and write the table as csv"},
    {"drop table", "an SQL dump", "load it into a database and write the table as csv"},
};

bool starts_with_any_case(std::string_view text, std::string_view start) {
  return text.size() >= start.size() &&
         std::equal(start.begin(), start.end(), text.begin(),
                    [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b | 0x20 : b); });
}

/// Every other byte NUL: UTF-16 without its mark.
bool looks_like_utf16(std::string_view head) {
  const std::string_view some = head.substr(0, 256);
  if (some.size() < 8) return false;
  for (const size_t side : {0, 1}) {
    size_t zeros = 0, others = 0;
    for (size_t n = side; n < some.size(); n += 2) zeros += some[n] == '\0';
    for (size_t n = 1 - side; n < some.size(); n += 2) others += some[n] != '\0';
    if (zeros * 10 >= some.size() * 4 && others * 10 >= some.size() * 4) return true;
  }
  return false;
}

/// Control bytes among the first, or a first line without anything that could part its columns.
bool is_no_text(std::string_view head) {
  const std::string_view some = head.substr(0, 512), line = some.substr(0, some.find('\n'));
  return line.find_first_of(",;|\t: ") == std::string_view::npos ||
         std::any_of(some.begin(), some.end(), [](char c) { return c >= '\0' && c < '\t'; });
}

bool is_tar(std::string_view head) { return head.size() > 262 && head.substr(257, 5) == "ustar"; }

[[noreturn]] void refuse(const std::string& place, const std::string& what, const char* remedy) {
  throw Error(place + ": is " + what + "; " + remedy);
}

}  // namespace

void refuse_other_kinds(const std::string& place, std::string_view head) {
  for (const Kind& kind : kBinary) {
    if (head.starts_with(kind.start)) refuse(place, kind.what, kind.remedy);
  }
  for (const Kind& kind : kLettered) {
    if (head.starts_with(kind.start) && is_no_text(head)) refuse(place, kind.what, kind.remedy);
  }
  if (head.size() >= 2 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5)
    refuse(place, "a Python pickle", kToCsv);
  if (is_tar(head)) refuse(place, "a tar archive", "unpack it, and give the file inside");
  if (looks_like_utf16(head))
    refuse(place, "text in UTF-16", "convert it (iconv -f UTF-16LE -t UTF-8)");
  const size_t first = head.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return;
  for (const Kind& kind : kTexts) {
    if (starts_with_any_case(head.substr(first), kind.start)) refuse(place, kind.what, kind.remedy);
  }
  if (head.substr(first).starts_with("/annex/objects/"))
    refuse(place, "a git-annex pointer, not the file itself", "fetch the file with: git annex get");
}

}  // namespace latent
