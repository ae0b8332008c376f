// Row formats: what a file's lines look like, found out from its first lines or named by the user.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "src/config/options.h"
#include "src/data/column_roles.h"
#include "src/data/line_reader.h"
#include "src/data/row.h"

namespace latent {

/// What was decided about a file; the names are fields, or zero-based columns as text.
struct FormatInfo {
  std::string format;                ///< a value of data.format other than auto
  std::vector<std::string> columns;  ///< header names or fields of the first line; empty: no header
  bool header = false;
  std::string user, item, rating, time;  ///< "none": absent
  std::string found_time = "none";       ///< as time, also where times are not read
  std::string separator{};               ///< of delimited formats
  size_t width = 0;                      ///< columns of a row of theirs
  std::array<int, 4> column = {-1, -1, -1, -1};  ///< of user, item, rating and found_time, theirs
};

using RowSink = std::function<void(const Row&)>;

class RowFormat {
 public:
  virtual ~RowFormat() = default;
  /// Reads one record and gives its rows to `sink`; false at the end of the file.
  /// Throws RowError for a record it cannot read; reading may go on after it.
  virtual bool read(LineReader& reader, const RowSink& sink) = 0;
  /// Replaces `rows` by those of some of the lines that lie ready, in order. Stops before a line
  /// that is not plain, a bad one above all: read() takes it. No rows: call read().
  virtual void read_ready(LineReader& /*reader*/, RowBatch& rows) { rows.clear(); }
  FormatInfo info;
  int64_t missing = 0;  ///< rows passed over for data.missing so far
};

/// Looks at the first lines of `reader` and resolves every `auto`. `need_time`: look for a time
/// field. `like`: the file before, of the same data, which this one is read alike. Throws Error,
/// naming the file and the knob to set, where nothing fits or two readings do.
std::unique_ptr<RowFormat> open_format(LineReader& reader, const DataOptions& options,
                                       bool need_time, const FormatInfo* like = nullptr);

/// The head of a file, from which a format is resolved.
struct FileHead {
  std::string path, place;         ///< place: of the first line, "ratings.csv:3"
  std::vector<std::string> lines;  ///< first ones, without blank ones
  std::string comment;             ///< the last line of those before them, without its # or %
};

// One maker for each family of formats.
std::unique_ptr<RowFormat> open_object_format(const FileHead& head, const std::string& format,
                                              const DataOptions& options, bool need_time);
std::unique_ptr<RowFormat> open_delimited_format(const FileHead& head, const FormatInfo& guess,
                                                 const DataOptions& options, bool need_time,
                                                 const FormatInfo* like);
std::unique_ptr<RowFormat> open_adjacency_format(const FileHead& head, const DataOptions& options);
std::unique_ptr<RowFormat> open_matrix_market(const FileHead& head, const DataOptions& options);
std::unique_ptr<RowFormat> open_netflix(const FileHead& head, const DataOptions& options,
                                        bool need_time);

}  // namespace latent
