#include "src/data/column_roles.h"

#include <algorithm>

namespace latent {

namespace {

/// The usual names of each role, most telling first; compared without case, '_', '-' and blanks.
const std::vector<std::string>& usual_names(const std::string& role) {
  static const std::vector<std::string> user = {
      "userid",           "user",     "uid", "reviewerid", "reviewer",
      "user/profilename", "username", "u",   "customerid", "memberid"};
  static const std::vector<std::string> item = {
      "itemid", "item",       "iid",    "bookid",   "movieid", "asin",   "productid",
      "isbn",   "businessid", "songid", "artistid", "trackid", "gameid", "beer/beerid",
      "beerid", "parentasin", "movie",  "book",     "product", "i"};
  static const std::vector<std::string> rating = {
      "rating",  "overall",    "stars", "score", "review/overall",
      "ratings", "bookrating", "r",     "value", "weight"};
  static const std::vector<std::string> time = {
      "timestamp",  "time",     "unixreviewtime", "review/timeunix", "ts",          "unixtime",
      "reviewtime", "datetime", "date",           "dateadded",       "dateupdated", "t"};
  static const std::vector<std::string> title = {
      "title", "originaltitle", "name", "movietitle", "booktitle", "itemname", "productname"};
  return role == "user"     ? user
         : role == "item"   ? item
         : role == "rating" ? rating
         : role == "time"   ? time
                            : title;
}

std::string folded(const std::string& name) {
  std::string out;
  for (const char c : name) {
    if (c != '_' && c != '-' && c != ' ')
      out += static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  }
  return out;
}

}  // namespace

std::vector<int> usual_columns(const std::string& role, const std::vector<std::string>& columns) {
  std::vector<int> out;
  for (const std::string& usual : usual_names(role)) {
    for (size_t n = 0; n < columns.size(); ++n) {
      if (folded(columns[n]) == usual) out.push_back(static_cast<int>(n));
    }
  }
  return out;
}

int find_column(const std::string& role, const std::string& wanted,
                const std::vector<std::string>& columns, std::span<const int> taken) {
  if (wanted != "auto") {
    const auto at = std::find(columns.begin(), columns.end(), wanted);
    return at == columns.end() ? -1 : static_cast<int>(at - columns.begin());
  }
  for (const int n : usual_columns(role, columns)) {
    if (std::find(taken.begin(), taken.end(), n) == taken.end()) return n;
  }
  return -1;
}

std::string resolve_column(const std::string& role, const std::string& wanted,
                           const std::vector<std::string>& columns) {
  const int n = find_column(role, wanted, columns);
  return n < 0 ? "" : columns[n];
}

std::string column_list(const std::vector<std::string>& columns) {
  std::string out;
  for (const std::string& column : columns) out += (out.empty() ? "" : ", ") + column;
  return out;
}

}  // namespace latent
