// Row formats: what a file's lines look like, found out from its first lines or named by the user.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "src/config/options.h"
#include "src/data/line_reader.h"
#include "src/data/row.h"

namespace latent {

/// What was decided about a file; the names are fields, or zero-based columns as text.
struct FormatInfo {
  std::string format;                ///< a value of data.format other than auto
  std::vector<std::string> columns;  ///< header names or fields of the first line; empty: no header
  bool header = false;
  std::string user, item, rating, time;  ///< "none": absent
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
};

/// Looks at the first lines of `reader` and resolves every `auto`. `need_time`: look for a time
/// field. Throws Error, naming the file and the knob to set, where nothing fits.
std::unique_ptr<RowFormat> open_format(LineReader& reader, const DataOptions& options,
                                       bool need_time);

// One maker for each family of formats; `lines` are the first lines of the file.
std::unique_ptr<RowFormat> open_object_format(const std::string& path,
                                              const std::vector<std::string>& lines,
                                              const std::string& format, const DataOptions& options,
                                              bool need_time);
std::unique_ptr<RowFormat> open_delimited_format(const std::string& path,
                                                 const std::vector<std::string>& lines,
                                                 const std::string& format,
                                                 const DataOptions& options, bool need_time);
std::unique_ptr<RowFormat> open_adjacency_format();

/// The name among `columns` that `wanted` ("auto", a name) stands for, or "" when auto finds none.
/// `role` is user, item, rating or time.
std::string resolve_column(const std::string& role, const std::string& wanted,
                           const std::vector<std::string>& columns);

}  // namespace latent
