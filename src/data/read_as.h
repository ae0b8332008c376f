// How a run's files were read: for people in one line, for config.json, and what looks odd in them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/data/read.h"

namespace latent {

struct ReadAs {
  FormatInfo format;      ///< of the first file
  std::string first_row;  ///< "1, 31, 2.5": its user, item and rating
  int64_t rows = 0;       ///< of all files, before any filter but data.where and data.missing
  int32_t users = 0, items = 0;
  int64_t left_out = 0, missing = 0;  ///< by data.where, by data.missing
  bool negative = false;              ///< some rating is below 0
  std::vector<std::string> notes;     ///< of what is readable, but seldom meant
};

/// Before filter_rows().
ReadAs read_as_of(const RawData& raw);
/// What is odd about the rows that filter_rows() has left.
void note_oddities(const Dataset& data, ReadAs& read_as);

/// "read as csv: user 0 (userId), item 1 (movieId), ...; first row 1, 31, 2.5; 100,004 rows, ...".
std::string read_as_line(const ReadAs& read_as);
/// The resolved names, as the data.* knobs would say them.
nlohmann::ordered_json read_as_json(const FormatInfo& format);

/// Says the line and the notes on stderr. `ranks`: the model ranks items, so that any row counts
/// for its item.
void tell_how_read(const ReadAs& read_as, bool ranks);

}  // namespace latent
