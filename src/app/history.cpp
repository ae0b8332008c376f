#include "src/app/history.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <utility>

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/data/column_roles.h"
#include "src/data/line_reader.h"
#include "src/data/row.h"
#include "src/data/splitter.h"

namespace latent {

namespace {

/// "id", or "id:rating" where what stands before the last colon is not part of a known id.
RatedId rated(const ServedModel& model, const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || model.find_item(text) >= 0) return {.item = text};
  const std::optional<double> rating = rating_of(std::string_view(text).substr(colon + 1));
  return rating ? RatedId{text.substr(0, colon), *rating} : RatedId{.item = text};
}

std::vector<RatedId> listed_items(const ServedModel& model, const std::string& text) {
  std::vector<RatedId> out;
  for (size_t from = 0; from <= text.size();) {
    const size_t comma = std::min(text.find(',', from), text.size());
    if (comma > from) out.push_back(rated(model, text.substr(from, comma - from)));
    from = comma + 1;
  }
  if (out.empty()) throw UsageError("--items takes ids with commas between them");
  return out;
}

/// A row of the file, or nothing for a header.
std::optional<RatedId> row_of(const ServedModel& model, std::string_view line, bool first) {
  if (model.find_item(line) >= 0) return RatedId{.item = std::string(line)};
  Splitter splitter(line.find('\t') == std::string_view::npos ? "," : "\t");
  std::vector<std::string_view> fields;
  if (!splitter.split(line, fields)) throw RowError("a quoted field is not closed");
  if (fields.size() > 2)
    throw RowError("expected item or item,rating, found " + std::to_string(fields.size()) +
                   " columns");
  const std::string item(fields[0]);
  if (first && model.find_item(item) < 0 && !usual_columns("item", {item}).empty())
    return std::nullopt;
  RatedId out{.item = item};
  if (fields.size() == 2 && !fields[1].empty()) out.rating = parse_rating(fields[1], "column 1");
  return out;
}

std::vector<RatedId> file_items(const ServedModel& model, const std::string& path) {
  LineReader reader(path);
  std::vector<RatedId> out;
  bool first = true;
  for (std::string_view line; reader.next(line);) {
    if (line.empty()) continue;
    try {
      if (auto row = row_of(model, line, std::exchange(first, false)))
        out.push_back(std::move(*row));
    } catch (const RowError& e) {
      throw Error(path + ":" + std::to_string(reader.line_number()) + ": " + e.what());
    }
  }
  return out;
}

void tell_of_ratings(const ServedModel& model, const std::vector<RatedId>& history) {
  const std::optional<double> liked = model.rating_of_liked();
  const auto without = std::ranges::count_if(
      history, [](const RatedId& had) { return std::isnan(had.rating); });
  char text[160];
  if (liked && without > 0) {
    std::snprintf(text, sizeof text, "items without a rating count as %g, as one that is liked",
                  *liked);
    say(text);
  } else if (!liked && without < std::ssize(history)) {
    say("ratings make no difference to a model of kind " + model.kind());
  }
}

}  // namespace

void add_history_options(CommandLine& line) {
  line.add()("items",
             "instead of a user: what somebody has, ids with commas between them, a rating behind "
             "a colon",
             cxxopts::value<std::string>(), "ID[:RATING],...")(
      "history", "the same from a file of rows item[,rating]", cxxopts::value<std::string>(),
      "FILE");
}

std::vector<RatedId> history_of(const CommandLine& line, const ServedModel& model,
                                Unknown unknown) {
  const std::vector<RatedId> all =
      line.has("items") ? listed_items(model, line.get<std::string>("items"))
                        : file_items(model, line.get<std::string>("history"));
  std::vector<RatedId> out;
  for (const RatedId& had : all) {
    if (model.find_item(had.item) >= 0)
      out.push_back(had);
    else if (unknown == Unknown::kError)
      throw Error(model.path() + ": " + model.unknown_item(had.item) +
                  "; --unknown skip leaves it out");
  }
  if (const auto left = std::ssize(all) - std::ssize(out); left > 0)
    say(std::to_string(left) + (left == 1 ? " unknown item" : " unknown items") + " left out");
  tell_of_ratings(model, out);
  return out;
}

}  // namespace latent
