#include "src/run/optuna_journal.h"

#include <algorithm>

namespace latent {

namespace {

using nlohmann::ordered_json;

// JournalOperation, StudyDirection and TrialState of Optuna.
constexpr int kCreateStudy = 0, kSetStudyUserAttribute = 2, kCreateTrial = 4;
constexpr int kMinimize = 1, kMaximize = 2;
constexpr int kComplete = 1, kPruned = 2, kFailed = 3;

constexpr const char* kWorker = "latent";

/// A choice of a categorical distribution: a scalar; lists as their text.
ordered_json choice(const ordered_json& value) {
  return value.is_structured() ? ordered_json(value.dump()) : value;
}

bool is_category(const SweepAxis& axis) { return axis.kind == SweepAxis::Kind::kList; }

/// The values of a list, and that of the config itself where it is none of them: all trials of a
/// study must have the same choices.
std::vector<ordered_json> choices(const SweepPlan& plan, const SweepAxis& axis) {
  std::vector<ordered_json> out;
  const auto add = [&](const ordered_json& value) {
    if (std::ranges::count(out, choice(value)) == 0) out.push_back(choice(value));
  };
  for (const auto& value : axis.values) add(value);
  const ordered_json& own = plan.trials.front().tuned;
  if (own.contains(axis.knob)) add(own[axis.knob]);
  return out;
}

ordered_json distribution(const SweepPlan& plan, const SweepAxis& axis) {
  if (is_category(axis))
    return {{"name", "CategoricalDistribution"},
            {"attributes", {{"choices", choices(plan, axis)}}}};
  const bool log = axis.kind != SweepAxis::Kind::kLinear;
  if (!axis.whole)
    return {{"name", "FloatDistribution"},
            {"attributes",
             {{"step", nullptr}, {"low", axis.low}, {"high", axis.high}, {"log", log}}}};
  return {{"name", "IntDistribution"},
          {"attributes",
           {{"log", log},
            {"step", 1},
            {"low", static_cast<int64_t>(axis.low)},
            {"high", static_cast<int64_t>(axis.high)}}}};
}

/// "params" and "distributions" of a trial; a knob of a range that is unset in the config has none.
void add_parameters(const SweepPlan& plan, const SweepTrial& trial, ordered_json& record) {
  ordered_json values = ordered_json::object(), distributions = ordered_json::object();
  for (const SweepAxis& axis : plan.spec.over) {
    const auto value = trial.tuned.find(axis.knob);
    if (value == trial.tuned.end()) continue;
    if (is_category(axis)) {
      const std::vector<ordered_json> all = choices(plan, axis);
      values[axis.knob] = std::ranges::find(all, choice(*value)) - all.begin();
    } else {
      if (!value->is_number()) continue;
      values[axis.knob] = *value;
    }
    distributions[axis.knob] = distribution(plan, axis).dump();
  }
  record["params"] = values;
  record["distributions"] = distributions;
}

}  // namespace

std::string optuna_journal(const SweepPlan& plan, const std::vector<SweepRow>& rows,
                           const TrialFits& fits, bool higher_is_better) {
  std::string out;
  const auto add = [&](const ordered_json& record) { out += record.dump() + "\n"; };
  add({{"op_code", kCreateStudy},
       {"worker_id", kWorker},
       {"study_name", "latent"},
       {"directions", {higher_is_better ? kMaximize : kMinimize}}});
  add({{"op_code", kSetStudyUserAttribute},
       {"worker_id", kWorker},
       {"study_id", 0},
       {"user_attr", {{"metric", plan.spec.metric}}}});
  std::vector<SweepRow> by_number = rows;
  std::ranges::sort(by_number, {}, &SweepRow::trial);
  for (const SweepRow& row : by_number) {
    if (row.rung < 0) break;  // numbers have no gaps, so it waits for those before it
    const bool failed = row.state == SweepRow::State::kFailed;
    ordered_json record = {{"op_code", kCreateTrial}, {"worker_id", kWorker}, {"study_id", 0}};
    record["state"] = failed                                      ? kFailed
                      : row.state == SweepRow::State::kFinished ? kComplete
                                                                : kPruned;
    record["value"] = nullptr;
    record["values"] = failed ? ordered_json() : ordered_json::array({row.mean()});
    ordered_json reported = ordered_json::object();
    std::string began, ended;
    for (auto at = fits.lower_bound({row.trial, 0, 0});
         at != fits.end() && at->first.trial == row.trial; ++at) {
      const TrialFit& fit = at->second;
      began = began.empty() ? fit.began : std::min(began, fit.began);
      ended = std::max(ended, fit.ended);
      if (at->first.seed == 0 && fit.value) reported[std::to_string(fit.steps)] = *fit.value;
    }
    record["datetime_start"] = began;
    record["datetime_complete"] = ended;
    record["intermediate_values"] = reported;
    record["user_attrs"] = ordered_json::object({{"seeds", row.values.size()}});
    if (failed) record["user_attrs"]["error"] = row.error;
    add_parameters(plan, plan.trials[row.trial], record);
    add(record);
  }
  return out;
}

}  // namespace latent
