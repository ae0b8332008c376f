#include "src/metrics/ranking_sums.h"

#include "src/metrics/tie_groups.h"

namespace latent {

namespace {

constexpr const char* kNames[kRankingMetrics] = {"recall",    "ndcg", "hit",
                                                 "precision", "map",  "mrr"};

}  // namespace

UserFigures::UserFigures(size_t cut_offs) : values(cut_offs * kRankingMetrics) {}

double* UserFigures::at(size_t cut_off) { return &values[cut_off * kRankingMetrics]; }

RankingSums::RankingSums(const std::vector<int64_t>& cut_offs)
    : cut_offs_(cut_offs), sums_(cut_offs.size() * kRankingMetrics) {}

void RankingSums::add(const UserFigures& user) {
  for (size_t n = 0; n < sums_.size(); ++n) sums_[n] += user.values[n];
  ++users_;
  if (user.auc < 0) return;
  auc_ += user.auc;
  ++auc_users_;
}

void RankingSums::add(const RankingSums& other) {
  for (size_t n = 0; n < sums_.size(); ++n) sums_[n] += other.sums_[n];
  auc_ += other.auc_;
  users_ += other.users_;
  auc_users_ += other.auc_users_;
}

NamedFigures RankingSums::means() const {
  NamedFigures out;
  if (users_ == 0) return out;
  if (auc_users_ > 0) out.emplace_back("auc", auc_ / static_cast<double>(auc_users_));
  for (int metric = 0; metric < kRankingMetrics; ++metric) {
    for (size_t c = 0; c < cut_offs_.size(); ++c)
      out.emplace_back(std::string(kNames[metric]) + "@" + std::to_string(cut_offs_[c]),
                       sums_[c * kRankingMetrics + metric] / static_cast<double>(users_));
  }
  return out;
}

}  // namespace latent
