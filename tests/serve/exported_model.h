// A made-up model and its file, for tests of what is exported and served.
#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <filesystem>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "src/export/torchscript.h"
#include "src/serve/served_model.h"

namespace latent {

constexpr int64_t kFactors = 3;

/// Distinct ids over few pieces: prefixes of each other, the empty string, quotes, NUL, UTF-8 and
/// bytes that are not.
inline std::vector<std::string> random_ids(uint32_t seed, size_t count) {
  static const std::vector<std::string> kPieces = {
      "a", "b", "0", " ", "'", "\"", "\\", "\n", "é", "Я", "张", "🙂", "\xff", std::string(1, '\0')};
  std::mt19937 random(seed);
  std::set<std::string> known;
  std::vector<std::string> out;
  while (out.size() < count) {
    std::string id;
    for (uint32_t n = random() % 8; n > 0; --n) id += kPieces[random() % kPieces.size()];
    if (known.insert(id).second) out.push_back(id);
  }
  return out;
}

/// A model of random tables and the file that it was exported to.
struct Exported {
  explicit Exported(size_t user_count = 40, size_t item_count = 300) {
    const auto every = random_ids(5, user_count + item_count + 200);
    const auto at = [&](size_t n) { return every.begin() + static_cast<int64_t>(n); };
    user_ids = {at(0), at(user_count)};
    item_ids = {at(user_count / 2), at(user_count / 2 + item_count)};  // some are users too
    strangers = {at(user_count + item_count), every.end()};
    for (const auto& id : user_ids) users.add(id);
    for (const auto& id : item_ids) items.add(id);
    user_rows.assign(user_ids.size(), 1);
    item_rows.assign(item_ids.size(), 1);
    torch::manual_seed(3);
    const auto table = [](const std::vector<std::string>& ids, int64_t columns) {
      return torch::randn({static_cast<int64_t>(ids.size()), columns});
    };
    tables = {torch::full({1}, 3.0), table(user_ids, 1), table(item_ids, 1),
              table(user_ids, kFactors), table(item_ids, kFactors)};
    std::vector<int32_t> u, i;
    for (int32_t n = 0; n < 4 * users.size(); ++n) {
      u.push_back(n % users.size());
      i.push_back(n * 7 % items.size());
    }
    seen = UserItems(u, i, users.size());
    for (size_t n = 0; n < item_ids.size(); ++n)
      titles.push_back(n % 3 == 0 ? "" : "title of " + item_ids[n]);
    const auto name = std::string("latent-served-") +
                      testing::UnitTest::GetInstance()->current_test_info()->name() + ".pt";
    path = std::filesystem::temp_directory_path() / name;
    write();
  }
  ~Exported() { std::filesystem::remove(path); }

  ExportSpec spec() const {
    return {.model_name = "latent_factor",
            .tables = tables,
            .users = &users,
            .items = &items,
            .seen = &seen,
            .strangers = &nobody,
            .strangers_seen = &nothing,
            .user_rows = user_rows,
            .item_rows = item_rows,
            .titles = &titles,
            .lowest = 1,
            .highest = 5,
            .default_prediction = default_prediction,
            .draws = draws,
            .bias_is_a_factor = bias_is_a_factor,
            .metadata = {}};
  }
  void write() const { export_torchscript(path, spec()); }

  std::vector<std::string> user_ids, item_ids, strangers, titles;
  std::vector<int32_t> user_rows, item_rows;
  IdMap nobody;
  UserItems nothing = UserItems({}, {}, 0);
  IdMap users, items;
  UserItems seen;
  ScoreTables tables;
  std::optional<double> default_prediction;
  std::optional<ScoreDraws> draws;
  bool bias_is_a_factor = false;
  std::filesystem::path path;
};

/// The same ids in the same order; scores to the rounding of another order of sums.
inline void expect_close(const ScoredIds& ours, const ScoredIds& expected) {
  ASSERT_EQ(ours.size(), expected.size());
  for (size_t n = 0; n < ours.size(); ++n) {
    EXPECT_EQ(ours[n].first, expected[n].first) << "rank " << n;
    EXPECT_NEAR(ours[n].second, expected[n].second, 1e-5);
  }
}

}  // namespace latent
