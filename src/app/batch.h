// Files in, files out: predictions of pairs and recommendations of many users.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/serve/served_model.h"

namespace latent {

/// What --unknown says of ids that the model does not know, or has but was not trained on.
enum class Unknown { kError, kSkip, kPopular, kKnownParts };

/// "error", "skip", "popular" or "known-parts".
Unknown unknown_option(const std::string& text);

/// Scores the (user, item) pairs of `pairs` (any row format; further columns are ignored) into
/// `output`: user,item,prediction. Rows with such ids are an Error with their line, left out, or
/// scored from what is known; they are counted and said.
void predict_file(const ServedModel& model, const std::string& pairs, const std::string& output,
                  Unknown unknown);

struct RecommendFilter {
  std::string exclude, only;  ///< files of item ids, one a line
};

/// Which items may be recommended: [I], or empty for all. Ids that the model does not know are
/// counted and said.
std::vector<char> allowed_items(const ServedModel& model, const RecommendFilter& filter);

struct RecommendFiles {
  std::string users;  ///< a file, one id a line (a header is passed over), or "all"
  std::string output;
  int64_t k;
  bool exclude_seen, titles;
  std::optional<Unknown> unknown;  ///< none: an Error, but with "all", which skips
};

/// Recommends to many users: user,rank,item,score[,title]. `allowed`: see allowed_items().
void recommend_file(const ServedModel& model, const RecommendFiles& files,
                    const std::vector<char>& allowed);

}  // namespace latent
