#include "src/metrics/ranking_sums.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <limits>
#include <mutex>

#include "src/base/log.h"
#include "src/base/parallel.h"
#include "src/metrics/tie_groups.h"

namespace latent {

UserFigures::UserFigures(size_t cut_offs) : values(cut_offs * kRankingMetrics) {}

double* UserFigures::at(size_t cut_off) { return &values[cut_off * kRankingMetrics]; }

RankingSums::RankingSums(const std::vector<int64_t>& cut_offs, bool per_user)
    : cut_offs_(cut_offs), sums_(cut_offs.size() * kRankingMetrics), per_user_(per_user) {
  if (per_user_) kept_.resize(sums_.size() + 1);
}

void RankingSums::add(int32_t user, const UserFigures& figures) {
  for (size_t n = 0; n < sums_.size(); ++n) sums_[n] += figures.values[n];
  ++users_;
  if (per_user_) {
    kept_user_.push_back(user);
    for (size_t n = 0; n < sums_.size(); ++n)
      kept_[n].push_back(static_cast<float>(figures.values[n]));
    kept_.back().push_back(figures.auc < 0 ? std::numeric_limits<float>::quiet_NaN()
                                           : static_cast<float>(figures.auc));
  }
  if (figures.auc < 0) return;
  auc_ += figures.auc;
  ++auc_users_;
}

void RankingSums::add(RankingSums&& other) {
  for (size_t n = 0; n < sums_.size(); ++n) sums_[n] += other.sums_[n];
  auc_ += other.auc_;
  users_ += other.users_;
  auc_users_ += other.auc_users_;
  if (!per_user_) return;
  std::ranges::copy(other.kept_user_, std::back_inserter(kept_user_));
  for (size_t n = 0; n < kept_.size(); ++n) {
    std::ranges::copy(other.kept_[n], std::back_inserter(kept_[n]));
    other.kept_[n] = {};
  }
}

std::string RankingSums::name(int metric, size_t cut_off) const {
  return std::string(ranking_metric_names()[metric]) + "@" + std::to_string(cut_offs_[cut_off]);
}

NamedFigures RankingSums::means() const {
  NamedFigures out;
  if (users_ == 0) return out;
  if (auc_users_ > 0) out.emplace_back("auc", auc_ / static_cast<double>(auc_users_));
  for (int metric = 0; metric < kRankingMetrics; ++metric) {
    for (size_t c = 0; c < cut_offs_.size(); ++c)
      out.emplace_back(name(metric, c),
                       sums_[c * kRankingMetrics + metric] / static_cast<double>(users_));
  }
  return out;
}

UserRankings RankingSums::users() && {
  UserRankings out;
  if (users_ == 0 || !per_user_) return out;
  if (auc_users_ > 0) out.figures.emplace_back("auc", std::move(kept_.back()));
  for (int metric = 0; metric < kRankingMetrics; ++metric) {
    for (size_t c = 0; c < cut_offs_.size(); ++c)
      out.figures.emplace_back(name(metric, c), std::move(kept_[c * kRankingMetrics + metric]));
  }
  out.user = std::move(kept_user_);
  return out;
}

namespace {

/// A word on long rankings. Chunks may end in several threads.
class RankingProgress {
 public:
  RankingProgress(const RankingWork& work, size_t users)
      : work_(work), bar_("ranking", static_cast<int64_t>(users), "users") {}

  void add(size_t users) {
    if (!work_.tell) return;
    const std::lock_guard lock(mutex_);
    done_ += static_cast<int64_t>(users);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start_;
    if (taken.count() >= work_.quiet) bar_.update(done_);
  }

 private:
  const RankingWork& work_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  int64_t done_ = 0;
  Progress bar_;
};

}  // namespace

RankingMeans mean_rankings(
    const UserItems& held_out, const std::vector<int64_t>& cut_offs, const RankingWork& work,
    const std::function<bool(int32_t user, int32_t item)>& is_cold,
    const std::function<void(std::span<const int32_t> users, RankingSums& all, RankingSums& warm)>&
        add) {
  constexpr int64_t kUsersPerChunk = 64;
  std::vector<int32_t> users;
  bool any_cold = false;
  for (int32_t u = 0; u < held_out.users(); ++u) {
    const auto items = held_out.of(u);
    if (items.empty()) continue;
    users.push_back(u);
    any_cold |= std::ranges::any_of(items, [&](int32_t i) { return is_cold(u, i); });
  }
  const int64_t chunks = ceil_div(std::ssize(users), kUsersPerChunk);
  std::vector<RankingSums> all(chunks, RankingSums(cut_offs, work.per_user));
  std::vector<RankingSums> warm(chunks, RankingSums(cut_offs));
  RankingProgress progress(work, users.size());
  const auto part = [&](int64_t first, int64_t size) {
    return std::span(users).subspan(first, std::min<size_t>(size, users.size() - first));
  };
  const int64_t at_once =
      work.block == 0 ? chunks : ceil_div(work.block, kUsersPerChunk);
  for (int64_t from = 0; from < chunks; from += at_once) {
    const int64_t to = std::min(chunks, from + at_once);
    if (work.before) work.before(part(from * kUsersPerChunk, (to - from) * kUsersPerChunk));
    parallel_chunks(to - from, work.threads, [&](int64_t n) {
      const int64_t chunk = from + n;
      const std::span<const int32_t> of_chunk = part(chunk * kUsersPerChunk, kUsersPerChunk);
      add(of_chunk, all[chunk], warm[chunk]);
      progress.add(of_chunk.size());
    });
  }
  RankingSums total(cut_offs, work.per_user), total_warm(cut_offs);
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    total.add(std::move(all[chunk]));
    total_warm.add(std::move(warm[chunk]));
  }
  return {total.means(), any_cold ? total_warm.means() : NamedFigures(),
          std::move(total).users()};
}

}  // namespace latent
