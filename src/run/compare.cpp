#include "src/run/compare.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "src/base/error.h"
#include "src/config/metric_names.h"
#include "src/metrics/significance.h"
#include "src/run/compare_rows.h"

namespace latent {

namespace {

constexpr double kLevel = 0.05;

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::optional<double> sd_of(const std::vector<double>& values) {
  if (values.size() < 2) return std::nullopt;
  double squares = 0;
  for (const double value : values) squares += std::pow(value - mean_of(values), 2);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

/// Below 0 where the first is better.
double order_of(const std::string& metric, double a, double b) {
  return is_error_metric(metric) ? a - b : b - a;
}

/// One metric of all settings, user by user.
class UserTest {
 public:
  /// Keeps references.
  UserTest(const std::vector<Setting>& settings, const std::string& metric, int threads)
      : settings_(settings) {
    std::vector<const UserSums*> all;
    for (const Setting& setting : settings) {
      for (const ComparedRun* run : setting.runs) {
        std::optional<MetricOfUsers> users = metric_of_users(*run, metric);
        if (!users) return;
        figures_.push_back(std::move(*users));
        if (figures_.back().user != figures_.front().user)
          throw Error(run->path + " and " + settings[0].runs[0]->path +
                      " cannot be compared: their " + metric + " is of other users");
      }
    }
    for (const MetricOfUsers& users : figures_) all.push_back(&users.sums);
    draws_ = redrawn_figures(all, kCompareDraws, threads);
  }

  /// Whether there is anything to test.
  bool possible() const { return !draws_.empty(); }

  /// Of setting `a` less setting `b`, but for p_holm and told_apart.
  PairedDifference difference(size_t a, size_t b) const {
    PairedDifference out;
    const SeedDraws one = draws_of(a), other = draws_of(b);
    out.interval = difference_interval(one, other);
    std::vector<double> differences = means_by_user(a);
    const std::vector<double> base = means_by_user(b);
    for (size_t u = 0; u < base.size(); ++u) differences[u] -= base[u];
    const SignedRank test = wilcoxon_signed_rank(differences);
    out.users = std::ssize(differences);
    out.p = test.p;
    out.rank_biserial = test.rank_biserial;
    out.seeds_known = (!one.random && !other.random) || one.seeds.size() > 1 ||
                      other.seeds.size() > 1;
    return out;
  }

 private:
  size_t first_of(size_t setting) const {
    size_t first = 0;
    for (size_t s = 0; s < setting; ++s) first += settings_[s].runs.size();
    return first;
  }

  SeedDraws draws_of(size_t setting) const {
    SeedDraws out{.seeds = {}, .random = settings_[setting].random};
    const size_t first = first_of(setting);
    for (size_t n = 0; n < settings_[setting].runs.size(); ++n)
      out.seeds.emplace_back(draws_[first + n]);
    return out;
  }

  /// Users' means over their rows, then over seeds.
  std::vector<double> means_by_user(size_t setting) const {
    const size_t first = first_of(setting), seeds = settings_[setting].runs.size();
    std::vector<double> out(figures_[first].user.size());
    for (size_t n = first; n < first + seeds; ++n) {
      const UserSums& sums = figures_[n].sums;
      for (size_t u = 0; u < out.size(); ++u) out[u] += sums.sum[u];
    }
    const std::vector<double>& rows = figures_[first].sums.weight;
    for (size_t u = 0; u < out.size(); ++u)
      out[u] /= static_cast<double>(seeds) * (rows.empty() ? 1 : rows[u]);
    return out;
  }

  const std::vector<Setting>& settings_;
  std::vector<MetricOfUsers> figures_;      // [runs], setting after setting
  std::vector<std::vector<double>> draws_;  // [runs][draws]
};

bool leaves_out_zero(const Interval& interval, double mean, double wider) {
  return mean + wider * (interval.low - mean) > 0 || mean + wider * (interval.high - mean) < 0;
}

/// Fills in what depends on all differences together.
void judge(Comparison& out) {
  std::vector<PairedDifference*> all;
  std::vector<double> p;
  for (ComparedRow& row : out.rows) {
    for (ComparedMetric& metric : row.metrics) {
      if (!metric.difference) continue;
      all.push_back(&*metric.difference);
      p.push_back(metric.difference->p);
    }
  }
  const std::vector<double> adjusted = holm(p);
  for (size_t n = 0; n < all.size(); ++n) {
    PairedDifference& d = *all[n];
    d.p_holm = adjusted[n];
    d.told_apart = d.p_holm < kLevel && d.mean * d.rank_biserial > 0 &&
                   leaves_out_zero(d.interval, d.mean, d.seeds_known ? 1 : kUnknownSeeds);
  }
  for (size_t m = 0; m < out.metrics.size(); ++m) {
    ComparedMetric* reference = nullptr;
    bool best = out.rows.size() > 1;
    for (ComparedRow& row : out.rows) {
      ComparedMetric& metric = row.metrics[m];
      if (metric.reference) {
        reference = &metric;
        best = best && !row.leaked;
        continue;
      }
      best = best && metric.difference && metric.difference->told_apart;
    }
    for (const ComparedRow& row : out.rows)
      best = best && reference != nullptr &&
             order_of(out.metrics[m], reference->mean, row.metrics[m].mean) <= 0;
    if (reference != nullptr) reference->winner = best;
  }
}

/// `base`: the setting that was asked for.
void compare_metric(const std::vector<Setting>& settings, size_t metric,
                    std::optional<size_t> base, int threads, Comparison& out) {
  const std::string& name = out.metrics[metric];
  for (size_t s = 0; s < settings.size(); ++s) {
    ComparedMetric figure;
    for (const ComparedRun* run : settings[s].runs)
      figure.values.push_back(run->test.at(name).get<double>());
    figure.mean = mean_of(figure.values);
    figure.sd = sd_of(figure.values);
    out.rows[s].metrics.push_back(std::move(figure));
  }
  if (settings.size() < 2) return;
  const UserTest test(settings, name, threads);
  if (!test.possible()) return;
  size_t reference = base.value_or(0);
  for (size_t s = 0; s < settings.size() && !base; ++s) {
    if (order_of(name, out.rows[s].metrics.back().mean,
                 out.rows[reference].metrics.back().mean) < 0)
      reference = s;
  }
  ComparedMetric& best = out.rows[reference].metrics.back();
  best.reference = true;
  for (size_t s = 0; s < settings.size(); ++s) {
    if (s == reference) continue;
    ComparedMetric& own = out.rows[s].metrics.back();
    own.difference = test.difference(s, reference);
    own.difference->mean = own.mean - best.mean;
  }
}

std::optional<size_t> base_of(const CompareRequest& request,
                              const std::vector<Setting>& settings) {
  if (request.base.empty()) return std::nullopt;
  const auto whole = [](const std::string& path) {
    std::error_code failed;
    return std::filesystem::weakly_canonical(path + "/.", failed);
  };
  for (size_t s = 0; s < settings.size(); ++s) {
    for (const ComparedRun* run : settings[s].runs) {
      if (whole(run->path) == whole(request.base) || whole(run->name) == whole(request.base))
        return s;
    }
  }
  throw Error("--base " + request.base + " is none of the runs that are compared; name it among "
              "them");
}

}  // namespace

Comparison compare_runs(const CompareRequest& request) {
  const std::vector<ComparedRun> runs = read_compared_runs(request.runs);
  if (runs.size() < 2)
    throw Error(runs.at(0).path +
                ": a run alone has nothing to be compared with; give another one, or more");
  require_comparable(runs);
  std::vector<Setting> settings = settings_of(runs);
  Comparison out;
  out.metrics = metrics_to_compare(runs, request.metrics);
  if (std::ranges::any_of(out.metrics, [](const auto& name) { return !is_error_metric(name); })) {
    for (const ComparedRun& run : runs) require_same_rules(runs[0], run);
  }
  const std::string& first = out.metrics[0];
  const auto mean = [&](const Setting& setting) {
    double sum = 0;
    for (const ComparedRun* run : setting.runs) sum += run->test.at(first).get<double>();
    return sum / static_cast<double>(setting.runs.size());
  };
  std::ranges::stable_sort(settings, [&](const Setting& a, const Setting& b) {
    return order_of(first, mean(a), mean(b)) < 0;
  });
  const std::optional<size_t> base = base_of(request, settings);
  for (const Setting& setting : settings) out.rows.push_back(row_of(setting));
  add_differing_knobs(settings, out);
  if (base) out.base = out.rows[*base].name;
  for (size_t m = 0; m < out.metrics.size(); ++m)
    compare_metric(settings, m, base, request.threads, out);
  judge(out);
  add_notes(runs, out);
  return out;
}

}  // namespace latent
