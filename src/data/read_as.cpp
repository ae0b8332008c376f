#include "src/data/read_as.h"

#include <algorithm>
#include <cstdio>
#include <span>

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/data/format_guess.h"

namespace latent {

namespace {

/// 1234567 as "1,234,567".
std::string grouped(int64_t n) {
  std::string out = std::to_string(n);
  for (int64_t at = static_cast<int64_t>(out.size()) - 3; at > 0; at -= 3)
    out.insert(static_cast<size_t>(at), ",");
  return out;
}

std::string short_number(float value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", static_cast<double>(value));
  return text;
}

int32_t distinct(std::span<const int32_t> indices, int32_t size) {
  std::vector<char> has(static_cast<size_t>(size));
  for (const int32_t index : indices) has[index] = 1;
  return static_cast<int32_t>(std::count(has.begin(), has.end(), 1));
}

/// "1.0", as a column of whole numbers with a gap in it is written by some tools.
bool is_whole_float(std::string_view id) {
  const size_t point = id.find('.');
  return point != std::string_view::npos && all_digits(id.substr(0, point)) &&
         point + 1 < id.size() && id.find_first_not_of('0', point + 1) == std::string_view::npos;
}

bool all_whole_floats(const IdMap& ids) {
  for (int32_t n = 0; n < ids.size(); ++n) {
    if (!is_whole_float(ids.name(n))) return false;
  }
  return ids.size() > 0;
}

/// "user 0 (userId)", or "user reviewerID" where fields have names only.
std::string role_text(const FormatInfo& f, const char* role, const std::string& name, int column) {
  std::string out = role;
  if (name == "none") return out + " none";
  if (column < 0 || f.columns.empty()) return out + " " + name;
  return out + " " + std::to_string(column) + " (" + name + ")";
}

}  // namespace

ReadAs read_as_of(const RawData& raw) {
  const Dataset& data = raw.data;
  ReadAs out;
  out.format = raw.format;
  out.rows = data.rows.size();
  out.left_out = data.left_out.size();
  out.missing = raw.missing_rows;
  const bool partly = out.left_out > 0;  // some ids may have no row
  out.users = partly ? distinct(data.rows.user, data.users.size()) : data.users.size();
  out.items = partly ? distinct(data.rows.item, data.items.size()) : data.items.size();
  if (out.rows > 0)
    out.first_row = std::string(data.users.name(data.rows.user[0])) + ", " +
                    std::string(data.items.name(data.rows.item[0])) + ", " +
                    short_number(data.rows.rating[0]);
  return out;
}

void note_oddities(const Dataset& data, ReadAs& read_as) {
  const Interactions& rows = data.rows;
  read_as.negative =
      std::any_of(rows.rating.begin(), rows.rating.end(), [](float r) { return r < 0; });
  const FormatInfo& f = read_as.format;
  for (const auto& [role, name, ids] :
       {std::tuple("user", &f.user, &data.users), std::tuple("item", &f.item, &data.items)}) {
    const std::string which = std::string(role) + " ids (" + *name + ")";
    if (all_whole_floats(*ids))
      read_as.notes.push_back("note: all " + which + " look like whole floats, such as " +
                              std::string(ids->name(0)) +
                              "; ask for them so, or write the column as whole numbers");
    if (rows.size() > 1 && ids->size() == rows.size())
      read_as.notes.push_back("note: " + which + " are different in every row; is data." + role +
                              " the right column?");
  }
}

std::string read_as_line(const ReadAs& read_as) {
  const FormatInfo& f = read_as.format;
  const char usual = f.format == "tsv" || f.format == "recbole" ? '\t' : ',';
  std::string out = "read as " + f.format;
  if (f.format != "movielens" && !f.separator.empty() && f.separator != std::string(1, usual))
    out += " with " + separator_name(f.separator);
  out += ": " + role_text(f, "user", f.user, f.column[0]) + ", " +
         role_text(f, "item", f.item, f.column[1]) + ", " +
         role_text(f, "rating", f.rating, f.column[2]) + ", " +
         role_text(f, "time", f.found_time, f.column[3]);
  if (!read_as.first_row.empty()) out += "; first row " + read_as.first_row;
  out += "; " + grouped(read_as.rows) + " rows, " + grouped(read_as.users) + " users, " +
         grouped(read_as.items) + " items";
  if (read_as.left_out > 0) out += "; " + grouped(read_as.left_out) + " left out by data.where";
  if (read_as.missing > 0) out += "; " + grouped(read_as.missing) + " dropped by data.missing";
  // Ids may hold anything.
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < ' '; }, '?');
  return out;
}

nlohmann::ordered_json read_as_json(const FormatInfo& f) {
  nlohmann::ordered_json out = {{"format", f.format}};
  if (!f.separator.empty()) out["separator"] = f.separator;
  out["header"] = f.header;
  out["user"] = f.user;
  out["item"] = f.item;
  out["rating"] = f.rating;
  out["time"] = f.time;
  return out;
}

void tell_how_read(const ReadAs& read_as, bool ranks) {
  say(read_as_line(read_as));
  for (const std::string& note : read_as.notes) say(note);
  if (ranks && read_as.negative)
    say("note: some ratings are negative, and count like any other row for a model that ranks; "
        "data.positive_at_least drops them, data.missing where they mean that there is none");
}

}  // namespace latent
