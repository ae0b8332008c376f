// All that a model file answers, for tests that damage it.
#pragma once

#include "src/base/error.h"
#include "tests/serve/exported_model.h"

namespace latent {

/// Everything that a model answers, as text.
inline std::string answers(const ServedModel& model) {
  std::string out;
  const auto put = [&](const ScoredIds& list) {
    for (const auto& [id, score] : list) out += id + " " + std::to_string(score) + "\n";
  };
  for (int32_t u = 0; u < model.user_ids().size(); ++u) {
    const std::string user(model.user_ids()[u]);
    put(model.recommend(user, 5, true));
    put(model.recommend(user, 5, false));
    put(model.similar_users(user, 3));
    put(model.popular(user, 4, true));
    for (const int32_t i : model.seen().of(u)) out += std::to_string(i) + " ";
  }
  for (int32_t i = 0; i < model.item_ids().size(); ++i) {
    const std::string item(model.item_ids()[i]);
    put(model.similar_items(item, 3));
    out +=
        std::string(model.title(i)) + std::to_string(model.predict(i % model.user_ids().size(), i));
    out += std::to_string(model.find_item(item));
  }
  for (const char* id : {"", "nobody", "a"}) put(model.popular(id, 3, true));
  return out;
}

/// What the file at `path` comes to: its answers, or "" when it is refused by one line.
inline std::string outcome(const std::string& path) {
  try {
    return answers(ServedModel(path));
  } catch (const Error& e) {
    const std::string line = e.what();
    EXPECT_TRUE(line.starts_with(path)) << line;
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    EXPECT_LT(line.size(), 400u) << line;
    return "";
  }
}

}  // namespace latent
