#include "src/app/batch.h"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <span>

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text_writer.h"
#include "src/data/line_reader.h"
#include "src/data/row_format.h"
#include "src/score/ranker.h"
#include "src/score/near_id.h"

namespace latent {

namespace {

/// Calls fn(id) for each line that is not blank.
template <typename Fn>
void for_each_id(const std::string& path, const Fn& fn) {
  LineReader reader(path);
  for (std::string_view line; reader.next(line);) {
    if (!line.empty()) fn(std::string(line), reader.line_number());
  }
}

}  // namespace

void predict_file(const ServedModel& model, const std::string& pairs, const std::string& output,
                  bool known_parts) {
  LineReader reader(pairs);
  DataOptions options;
  options.rating = "none";
  const auto format = open_format(reader, options, /*need_time=*/false);
  TextWriter out(output);
  out.write("user,item,prediction\n");
  Progress progress("predicting", reader.file_size(), "bytes");
  const RowSink sink = [&](const Row& row) {
    const std::string user(row.user), item(row.item);
    const int32_t u = model.find_user(user), i = model.find_item(item);
    if ((u < 0 || i < 0) && !known_parts) {
      throw RowError("unknown " +
                     (u < 0 ? "user " + in_quotes(user) + did_you_mean_id(user, model.user_ids())
                            : "item " + in_quotes(item) + did_you_mean_id(item, model.item_ids())) +
                     "; --unknown known-parts scores it from what is known");
    }
    const double score =
        u >= 0 && i >= 0 ? model.view().predict(u, i) : model.predict_known_parts(user, item);
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
}

std::vector<char> allowed_items(const ServedModel& model, const RecommendFilter& filter) {
  if (filter.exclude.empty() && filter.only.empty()) return {};
  std::vector<char> allowed(model.item_ids().size(), filter.only.empty());
  for (const bool only : {true, false}) {
    const std::string& path = only ? filter.only : filter.exclude;
    if (path.empty()) continue;
    int64_t unknown = 0;
    for_each_id(path, [&](const std::string& id, int64_t) {
      const int32_t item = model.find_item(id);
      if (item < 0) {
        ++unknown;
      } else {
        allowed[item] = only;
      }
    });
    if (unknown > 0)
      say(path + ": " + std::to_string(unknown) + " ids are not in the model's catalogue");
  }
  return allowed;
}

void recommend_file(const ServedModel& model, const RecommendFiles& files,
                    const std::vector<char>& allowed) {
  const auto& [users, output, k, exclude_seen, titles] = files;
  std::vector<int32_t> indices;
  if (users == "all") {
    indices.resize(model.user_ids().size());
    std::iota(indices.begin(), indices.end(), 0);
  } else {
    for_each_id(users, [&](const std::string& id, int64_t line) {
      indices.push_back(model.find_user(id));
      if (indices.back() < 0)
        throw Error(users + ":" + std::to_string(line) + ": unknown user " + in_quotes(id) +
                    did_you_mean_id(id, model.user_ids()) + "; remove the line");
    });
  }
  const Ranker& ranker = model.ranker();
  const RankingRules rules{exclude_seen ? model.seen() : UserItemsView(), allowed};
  TextWriter out(output);
  out.write(std::string("user,rank,item,score") + (titles ? ",title\n" : "\n"));
  Progress progress("recommending", static_cast<int64_t>(indices.size()), "users");
  constexpr size_t kBlock = 4096;  // users between two writes
  for (size_t from = 0; from < indices.size(); from += kBlock) {
    const size_t to = std::min(indices.size(), from + kBlock);
    const auto block = std::span(indices).subspan(from, to - from);
    const auto lists = ranker.rank(block, k, rules, /*threads=*/0);
    for (size_t n = 0; n < block.size(); ++n) {
      const std::string user = csv_field(model.user_ids()[block[n]]);
      for (size_t rank = 0; rank < lists[n].size(); ++rank) {
        const int32_t item = lists[n][rank].index;
        char score[32];
        std::snprintf(score, sizeof score, ",%.9g", lists[n][rank].score);
        out.write(user + "," + std::to_string(rank + 1) + "," + csv_field(model.item_ids()[item]) +
                  score + (titles ? "," + csv_field(model.title(item)) : "") + "\n");
      }
    }
    progress.update(static_cast<int64_t>(to));
  }
  out.commit();
}

}  // namespace latent
