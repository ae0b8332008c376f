#include "src/app/batch.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>
#include <span>
#include <utility>

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text_writer.h"
#include "src/data/column_roles.h"
#include "src/data/line_reader.h"
#include "src/data/row_format.h"
#include "src/score/ranker.h"

namespace latent {

namespace {

/// An id as the program's own CSV writes it: "x,y" in quotes, quotes doubled.
std::string unquoted(std::string_view line) {
  if (line.size() < 2 || line.front() != '"' || line.back() != '"') return std::string(line);
  std::string out;
  for (size_t n = 1; n + 1 < line.size(); ++n) {
    if (line[n] == '"' && line[++n] != '"') return std::string(line);
    if (n + 1 < line.size()) out += line[n];
  }
  return out;
}

/// Calls fn(id, line number) for each line that is not blank, but for a first one that is a usual
/// name of a column of `role` and no id.
template <typename Fn>
void for_each_id(const std::string& path, const std::string& role, const IdTable& ids,
                 const Fn& fn) {
  LineReader reader(path);
  bool first = true;
  for (std::string_view line; reader.next(line);) {
    if (line.empty()) continue;
    const std::string id = ids.find(line) < 0 ? unquoted(line) : std::string(line);
    const bool header =
        std::exchange(first, false) && ids.find(id) < 0 && !usual_columns(role, {id}).empty();
    if (!header) fn(id, reader.line_number());
  }
}

std::string counted(int64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

Unknown unknown_option(const std::string& text) {
  return text == "skip"          ? Unknown::kSkip
         : text == "popular"     ? Unknown::kPopular
         : text == "known-parts" ? Unknown::kKnownParts
                                 : Unknown::kError;
}

void predict_file(const ServedModel& model, const std::string& pairs, const std::string& output,
                  Unknown unknown) {
  using Known = ServedModel::Known;
  LineReader reader(pairs);
  DataOptions options;
  options.rating = "none";
  const auto format = open_format(reader, options, /*need_time=*/false);
  TextWriter out(output);
  out.write("user,item,prediction\n");
  Progress progress("predicting", reader.file_size(), "bytes");
  std::set<std::string> users, items;
  int64_t rows = 0;
  const RowSink sink = [&](const Row& row) {
    const std::string user(row.user), item(row.item);
    const bool knows_user = model.knows_user(user) == Known::kYes,
               knows_item = model.knows_item(item) == Known::kYes;
    if (!knows_user || !knows_item) {
      if (unknown == Unknown::kError)
        throw RowError((knows_user ? model.unknown_item(item) : model.unknown_user(user)) +
                       "; --unknown known-parts scores it from what is known, skip leaves it out");
      if (!knows_user) users.insert(user);
      if (!knows_item) items.insert(item);
      ++rows;
      if (unknown == Unknown::kSkip) return;
    }
    const double score = knows_user && knows_item
                             ? model.predict(model.find_user(user), model.find_item(item))
                             : model.predict_known_parts(user, item);
    char number[32];
    std::snprintf(number, sizeof number, ",%.9g\n", score);
    out.write(csv_field(user) + "," + csv_field(item) + number);
  };
  try {
    while (format->read(reader, sink)) {
      if (reader.line_number() % 4096 == 0) progress.update(reader.bytes_read());
    }
  } catch (const RowError& e) {
    throw Error(pairs + ":" + std::to_string(reader.line_number()) + ": " + e.what());
  }
  out.commit();
  if (rows > 0)
    say(pairs + ": " + counted(rows, "row") + " with " +
        counted(std::ssize(users), "unknown user") + " and " +
        counted(std::ssize(items), "unknown item") +
        (unknown == Unknown::kSkip ? " left out" : " scored from what is known"));
}

std::vector<char> allowed_items(const ServedModel& model, const RecommendFilter& filter) {
  if (filter.exclude.empty() && filter.only.empty()) return {};
  std::vector<char> allowed(model.item_ids().size(), filter.only.empty());
  for (const bool only : {true, false}) {
    const std::string& path = only ? filter.only : filter.exclude;
    if (path.empty()) continue;
    // Nothing to leave out, tonight.
    std::error_code unreadable;
    if (!only && std::filesystem::is_regular_file(path, unreadable) &&
        std::filesystem::file_size(path, unreadable) == 0)
      continue;
    int64_t unknown = 0;
    for_each_id(path, "item", model.item_ids(), [&](const std::string& id, int64_t) {
      const int32_t item = model.find_item(id);
      if (item < 0) {
        ++unknown;
      } else {
        allowed[item] = only;
      }
    });
    if (unknown > 0)
      say(path + ": " + counted(unknown, "id") + (unknown == 1 ? " is" : " are") +
          " not in the model's catalogue");
  }
  return allowed;
}

namespace {

/// A user of a file.
struct Asked {
  std::string id;
  int32_t user;  ///< -1: the model knows nothing of them
};

std::vector<Asked> users_of(const ServedModel& model, const RecommendFiles& files) {
  using Known = ServedModel::Known;
  std::vector<Asked> out;
  int64_t strangers = 0;
  const bool all = files.users == "all";
  const Unknown unknown = files.unknown.value_or(all ? Unknown::kSkip : Unknown::kError);
  const auto ask = [&](const std::string& id, int64_t line) {
    if (model.knows_user(id) == Known::kYes) {
      out.push_back({id, model.find_user(id)});
      return;
    }
    if (unknown == Unknown::kError)
      throw Error(files.users + ":" + std::to_string(line) + ": " + model.unknown_user(id) +
                  "; remove the line, or give --unknown skip or popular");
    ++strangers;
    if (unknown == Unknown::kPopular) out.push_back({id, -1});
  };
  if (all) {
    for (int32_t u = 0; u < model.user_ids().size(); ++u) ask(std::string(model.user_ids()[u]), u);
  } else {
    for_each_id(files.users, "user", model.user_ids(), ask);
  }
  if (strangers > 0)
    say(files.users + ": " + counted(strangers, all ? "untrained user" : "unknown user") +
        (unknown == Unknown::kSkip ? " skipped" : "; the most popular items in their place"));
  return out;
}

}  // namespace

void recommend_file(const ServedModel& model, const RecommendFiles& files,
                    const std::vector<char>& allowed) {
  const std::vector<Asked> asked = users_of(model, files);
  const Ranker& ranker = model.ranker();
  const std::vector<char> may = model.listed(allowed);
  const RankingRules rules{files.exclude_seen ? model.seen() : UserItemsView(), may};
  TextWriter out(files.output);
  out.write(std::string("user,rank,item,score") + (files.titles ? ",title\n" : "\n"));
  Progress progress("recommending", std::ssize(asked), "users");
  const auto write = [&](const std::string& user, size_t rank, std::string_view item,
                         double score) {
    char number[32];
    std::snprintf(number, sizeof number, ",%.9g", score);
    out.write(csv_field(user) + "," + std::to_string(rank + 1) + "," + csv_field(item) + number +
              (files.titles ? "," + csv_field(model.title(item)) : "") + "\n");
  };
  constexpr size_t kBlock = 4096;  // users between two writes
  for (size_t from = 0; from < asked.size(); from += kBlock) {
    const auto block = std::span(asked).subspan(from, std::min(kBlock, asked.size() - from));
    std::vector<int32_t> users;
    for (const Asked& a : block) {
      if (a.user >= 0) users.push_back(a.user);
    }
    const auto lists = ranker.rank(users, files.k, rules, /*threads=*/0);
    size_t next = 0;
    for (const Asked& a : block) {
      size_t rank = 0;
      if (a.user >= 0) {
        for (const Scored& s : lists[next++])
          write(a.id, rank++, model.item_ids()[s.index], s.score);
      } else {
        for (const auto& [item, rows] : model.popular(a.id, files.k, files.exclude_seen, allowed))
          write(a.id, rank++, item, rows);
      }
    }
    progress.update(static_cast<int64_t>(from + block.size()));
  }
  out.commit();
}

}  // namespace latent
