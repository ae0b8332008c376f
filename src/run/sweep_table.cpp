#include "src/run/sweep_table.h"

#include <algorithm>
#include <cmath>

#include "src/base/text_writer.h"

namespace latent {

namespace {

using nlohmann::ordered_json;

const char* name_of(SweepRow::State state) {
  return state == SweepRow::State::kFinished  ? "finished"
         : state == SweepRow::State::kStopped ? "stopped"
                                              : "failed";
}

/// Shortest text that reads back to the same number.
std::string exact(double value) { return nlohmann::json(value).dump(); }

}  // namespace

double SweepRow::mean() const {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double SweepRow::sd() const {
  if (values.size() < 2) return std::nan("");
  double squares = 0;
  for (const double value : values) squares += (value - mean()) * (value - mean());
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

bool SweepStanding::is_better(const SweepRow& a, const SweepRow& b) const {
  const bool a_failed = a.state == SweepRow::State::kFailed || a.values.empty();
  const bool b_failed = b.state == SweepRow::State::kFailed || b.values.empty();
  if (a_failed != b_failed) return b_failed;
  if (a_failed) return a.trial < b.trial;
  if (a.rung != b.rung) return a.rung > b.rung;
  if (a.mean() != b.mean()) return higher_is_better_ ? a.mean() > b.mean() : a.mean() < b.mean();
  return a.trial < b.trial;
}

SweepRow SweepStanding::row_of(int64_t trial, int64_t rung, bool seeds) const {
  SweepRow row;
  row.trial = trial;
  double best = 0;
  for (int64_t r = 0; r <= rung; ++r) {
    const auto fit = fits_.find({trial, 0, r});
    if (fit == fits_.end()) break;
    row.rung = r;
    if (!fit->second.value) {
      row.error = fit->second.error;
      break;
    }
    const double value = *fit->second.value;
    if (row.best_rung >= 0 && (higher_is_better_ ? value <= best : value >= best)) continue;
    row.best_rung = r;
    best = value;
  }
  if (row.best_rung >= 0) row.values = {best};
  for (int64_t seed = 1; seeds && seed < plan_.spec.seeds; ++seed) {
    const auto fit = fits_.find({trial, seed, row.best_rung});
    if (fit == fits_.end()) continue;
    if (fit->second.value) {
      row.values.push_back(*fit->second.value);
    } else if (row.error.empty()) {
      row.error = "seed " + std::to_string(seed + 1) + ": " + fit->second.error;
    }
  }
  const bool last = row.rung + 1 == static_cast<int64_t>(rungs_.size());
  row.state = !row.error.empty() ? SweepRow::State::kFailed
              : last             ? SweepRow::State::kFinished
                                 : SweepRow::State::kStopped;
  return row;
}

std::vector<int64_t> SweepStanding::contenders(size_t rung) const {
  std::vector<int64_t> out;
  if (rung == 0) {
    for (size_t n = 0; n < plan_.trials.size(); ++n) out.push_back(static_cast<int64_t>(n));
    return out;
  }
  const auto before = static_cast<int64_t>(rung) - 1;
  std::vector<SweepRow> rows;
  for (const int64_t trial : contenders(rung - 1)) {
    const SweepRow row = row_of(trial, before, /*seeds=*/false);
    if (row.state != SweepRow::State::kFailed && row.rung == before) rows.push_back(row);
  }
  std::ranges::sort(rows, [&](const auto& a, const auto& b) { return is_better(a, b); });
  for (const SweepRow& row : rows) {
    if (static_cast<int64_t>(out.size()) < rungs_[rung].trials) out.push_back(row.trial);
  }
  std::ranges::sort(out);
  return out;
}

std::vector<SweepRow> SweepStanding::finalists() const {
  std::vector<SweepRow> out;
  for (const int64_t trial : contenders(rungs_.size() - 1)) {
    SweepRow row = row_of(trial, static_cast<int64_t>(rungs_.size()) - 1, /*seeds=*/false);
    if (row.state == SweepRow::State::kFinished) out.push_back(std::move(row));
  }
  return out;
}

std::vector<SweepRow> SweepStanding::rows() const {
  std::vector<SweepRow> out;
  const auto last = static_cast<int64_t>(rungs_.size()) - 1;
  for (size_t n = 0; n < plan_.trials.size(); ++n)
    out.push_back(row_of(static_cast<int64_t>(n), last, /*seeds=*/true));
  std::ranges::sort(out, [&](const auto& a, const auto& b) { return is_better(a, b); });
  return out;
}

std::string sweep_csv(const SweepPlan& plan, const std::vector<SweepRow>& rows) {
  const std::string& metric = plan.spec.metric;
  std::string out = "rank,trial,state,rung,best_rung," + csv_field("valid_" + metric) + ",sd,seeds";
  for (const SweepAxis& axis : plan.spec.over) out += "," + csv_field(axis.knob);
  out += ",error\n";
  for (size_t n = 0; n < rows.size(); ++n) {
    const SweepRow& row = rows[n];
    const bool judged = row.state != SweepRow::State::kFailed && !row.values.empty();
    out += std::to_string(n + 1) + "," + std::to_string(row.trial) + "," + name_of(row.state) +
           "," + std::to_string(row.rung + 1) + "," +
           (judged ? std::to_string(row.best_rung + 1) : "") + "," +
           (judged ? exact(row.mean()) : "") + "," +
           (judged && row.values.size() > 1 ? exact(row.sd()) : "") + "," +
           std::to_string(row.values.size());
    const ordered_json& tuned = plan.trials[row.trial].tuned;
    for (const SweepAxis& axis : plan.spec.over) {
      out += ",";
      if (!tuned.contains(axis.knob)) continue;
      const ordered_json& value = tuned[axis.knob];
      out += csv_field(value.is_string() ? value.get<std::string>() : value.dump());
    }
    out += "," + csv_field(row.error) + "\n";
  }
  return out;
}

ordered_json sweep_json(const SweepPlan& plan, const std::vector<SweepRow>& rows) {
  ordered_json out = {{"metric", plan.spec.metric}, {"search", plan.spec.search}};
  out["knobs"] = ordered_json::array();
  for (const SweepAxis& axis : plan.spec.over) out["knobs"].push_back(axis.knob);
  out["trials"] = ordered_json::array();
  for (size_t n = 0; n < rows.size(); ++n) {
    const SweepRow& row = rows[n];
    const bool judged = row.state != SweepRow::State::kFailed && !row.values.empty();
    ordered_json line = {{"rank", n + 1},
                         {"trial", row.trial},
                         {"state", name_of(row.state)},
                         {"rung", row.rung + 1}};
    line["best_rung"] = judged ? ordered_json(row.best_rung + 1) : ordered_json();
    line["value"] = judged ? ordered_json(row.mean()) : ordered_json();
    line["sd"] = judged && row.values.size() > 1 ? ordered_json(row.sd()) : ordered_json();
    line["seeds"] = row.values.size();
    line["tuned"] = plan.trials[row.trial].tuned;
    if (!row.error.empty()) line["error"] = row.error;
    out["trials"].push_back(line);
  }
  return out;
}

}  // namespace latent
