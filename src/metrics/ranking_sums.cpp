#include "src/metrics/ranking_sums.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <limits>
#include <mutex>

#include "src/base/log.h"
#include "src/base/parallel.h"
#include "src/metrics/ranked_places.h"
#include "src/metrics/tie_groups.h"

namespace latent {

UserFigures::UserFigures(size_t cut_offs) : values(cut_offs * kRankingMetrics) {}

double* UserFigures::at(size_t cut_off) { return &values[cut_off * kRankingMetrics]; }

RankingSums::RankingSums(const std::vector<int64_t>& cut_offs, bool per_user)
    : cut_offs_(cut_offs),
      sums_(cut_offs.size() * kRankingMetrics + 3),
      per_user_(per_user) {
  if (per_user_) kept_.resize(metrics() + 1);
}

void RankingSums::add(int32_t user, const UserFigures& figures) {
  for (size_t n = 0; n < metrics(); ++n) sums_[n] += figures.values[n];
  ++sums_[metrics() + 1];
  if (per_user_) {
    kept_user_.push_back(user);
    for (size_t n = 0; n < metrics(); ++n)
      kept_[n].push_back(static_cast<float>(figures.values[n]));
    kept_.back().push_back(figures.auc < 0 ? std::numeric_limits<float>::quiet_NaN()
                                           : static_cast<float>(figures.auc));
  }
  if (figures.auc < 0) return;
  sums_[metrics()] += figures.auc;
  ++sums_[metrics() + 2];
}

void RankingSums::add(RankingSums&& other) {
  for (size_t n = 0; n < sums_.size(); ++n) sums_[n] += other.sums_[n];
  keep_from(std::move(other));
}

void RankingSums::keep_from(RankingSums&& other) {
  if (!per_user_) return;
  std::ranges::copy(other.kept_user_, std::back_inserter(kept_user_));
  for (size_t n = 0; n < kept_.size(); ++n) {
    std::ranges::copy(other.kept_[n], std::back_inserter(kept_[n]));
    other.kept_[n] = {};
  }
}

void RankingSums::gather_kept(Peers& peers) {
  if (!per_user_ || peers.alone()) return;
  Shares shares = {0};
  for (const int64_t count : peers.gather(std::ssize(kept_user_)))
    shares.push_back(shares.back() + count);
  const auto gather = [&](auto& kept) {
    std::remove_reference_t<decltype(kept)> all(shares.back());
    std::ranges::copy(kept, all.begin() + shares[peers.rank()]);
    const SharedArray array{all.data(), sizeof all[0], pieces_of(shares)};
    peers.gather({&array, 1});
    kept.swap(all);
  };
  gather(kept_user_);
  for (std::vector<float>& figures : kept_) gather(figures);
}

std::string RankingSums::name(int metric, size_t cut_off) const {
  return std::string(ranking_metric_names()[metric]) + "@" + std::to_string(cut_offs_[cut_off]);
}

NamedFigures RankingSums::means() const {
  NamedFigures out;
  if (counted() == 0) return out;
  if (counted_auc() > 0) out.emplace_back("auc", sums_[metrics()] / counted_auc());
  for (int metric = 0; metric < kRankingMetrics; ++metric) {
    for (size_t c = 0; c < cut_offs_.size(); ++c)
      out.emplace_back(name(metric, c),
                       sums_[c * kRankingMetrics + metric] / counted());
  }
  return out;
}

UserRankings RankingSums::users() && {
  UserRankings out;
  if (counted() == 0 || !per_user_) return out;
  if (counted_auc() > 0) out.figures.emplace_back("auc", std::move(kept_.back()));
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
  RankingProgress(const RankingWork& work, int64_t users)
      : work_(work), bar_("ranking", users, "users") {}

  void add(int64_t users) {
    if (!work_.tell) return;
    const std::lock_guard lock(mutex_);
    done_ += users;
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
  std::vector<int32_t> users;
  bool any_cold = false;
  for (int32_t u = 0; u < held_out.users(); ++u) {
    const auto items = held_out.of(u);
    if (items.empty()) continue;
    users.push_back(u);
    any_cold |= std::ranges::any_of(items, [&](int32_t i) { return is_cold(u, i); });
  }
  const RankedPlaces places(users, work.users);
  const Piece chunks = places.chunks(), head = places.head();
  const RankingSums none(cut_offs), none_kept(cut_offs, work.per_user);
  std::vector<RankingSums> all(chunks.size(), none_kept), all_of_head(head.size(), none_kept);
  std::vector<RankingSums> warm(chunks.size(), none), warm_of_head(head.size(), none);
  RankingProgress progress(work, places.own().size());
  const auto users_of = [&](int64_t from, int64_t to) {
    return std::span<const int32_t>(users).subspan(from, to - from);
  };
  const int64_t at_once =
      work.block == 0 ? chunks.size() : ceil_div(work.block, RankedPlaces::kChunk);
  places.peers().together([&] {
    parallel_chunks(head.size(), work.threads, [&](int64_t n) {
      const int64_t place = head.begin + n;
      add(users_of(place, place + 1), all_of_head[n], warm_of_head[n]);
    });
    for (int64_t from = chunks.begin; from < chunks.end; from += at_once) {
      const int64_t to = std::min(chunks.end, from + at_once);
      if (work.before)
        work.before(users_of(places.places_of(from).begin, places.places_of(to - 1).end));
      parallel_chunks(to - from, work.threads, [&](int64_t n) {
        const Piece of_chunk = places.places_of(from + n);
        const int64_t own = from + n - chunks.begin;
        add(users_of(of_chunk.begin, of_chunk.end), all[own], warm[own]);
        progress.add(of_chunk.size());
      });
    }
  });
  RankingSums total(cut_offs, work.per_user), total_warm(cut_offs);
  places.add_up(all_of_head, all, total);
  places.add_up(warm_of_head, warm, total_warm);
  return {total.means(), any_cold ? total_warm.means() : NamedFigures(),
          std::move(total).users()};
}

}  // namespace latent
