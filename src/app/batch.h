// Files in, files out: predictions of pairs and recommendations of many users.
#pragma once

#include <string>
#include <vector>

#include "src/serve/served_model.h"

namespace latent {

/// Scores the (user, item) pairs of `pairs` (any row format; further columns are ignored) into
/// `output`: user,item,prediction. Unknown ids are an Error with their line, unless `known_parts`.
void predict_file(const ServedModel& model, const std::string& pairs, const std::string& output,
                  bool known_parts);

struct RecommendFilter {
  std::string exclude, only;  ///< files of item ids, one a line
};

/// Which items may be recommended: [I], or empty for all. Ids that the model does not know are
/// counted and said.
std::vector<char> allowed_items(const ServedModel& model, const RecommendFilter& filter);

struct RecommendFiles {
  std::string users;  ///< a file, one id a line, or "all"
  std::string output;
  int64_t k;
  bool exclude_seen, titles;
};

/// Recommends to many users: user,rank,item,score[,title]. `allowed`: see allowed_items().
void recommend_file(const ServedModel& model, const RecommendFiles& files,
                    const std::vector<char>& allowed);

}  // namespace latent
