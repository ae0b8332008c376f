#include "src/config/readers.h"

#include <algorithm>

#include "src/config/knobs.h"

namespace latent {

namespace {

/// Whether `pattern` is `knob`, or the prefix of its group ("ials.", "svd.lr_").
bool covers(const std::string& pattern, const std::string& knob) {
  const bool group = pattern.ends_with('.') || pattern.ends_with('_');
  return group ? knob.starts_with(pattern) : knob == pattern;
}

bool covered(const std::vector<std::string>& patterns, const std::string& knob) {
  return std::ranges::any_of(patterns, [&](const auto& p) { return covers(p, knob); });
}

const ReadKnob* find(const std::vector<ReadKnob>& rows, const std::string& knob) {
  const auto at = std::ranges::find_if(rows, [&](const auto& r) { return covers(r.name, knob); });
  return at == rows.end() ? nullptr : &*at;
}

/// Read whatever the model is: no row of the catalogue says more.
bool is_for_all_models(const std::string& knob) {
  static const std::vector<std::string> patterns = {
      "data.", "split.",     "eval.",      "checkpoint.",   "dist.", "export.",
      "log.",  "model.name", "train.seed", "train.threads", "train.device"};
  return covered(patterns, knob) && std::ranges::none_of(model_catalog(), [&](const auto& model) {
           return find(model.reads, knob) != nullptr;
         });
}

bool is_kind(const RunConfig& config, const char* kind) { return config.split.kind == kind; }

/// What other knobs have to say for any model.
const std::vector<ReadKnob>& conditions() {
  static const std::vector<ReadKnob> rows = {
      {"split.test",
       [](const RunConfig& c) {
         return is_kind(c, "random") || is_kind(c, "by_row") || is_kind(c, "per_user") ||
                is_kind(c, "leave_one_out") ||
                (is_kind(c, "time") && c.split.test_from.empty());
       },
       "split.kind is random, by_row, per_user, leave_one_out, or time without split.test_from "
       "(files: data.test_path is the test part; k_fold: split.fold)"},
      {"split.valid",
       [](const RunConfig& c) {
         return !(is_kind(c, "files") && !c.data.valid_path.empty()) &&
                !(is_kind(c, "time") && !c.split.valid_from.empty());
       },
       "neither data.valid_path nor split.valid_from gives the validation part"},
      {"split.order", [](const RunConfig& c) { return is_kind(c, "per_user"); },
       "split.kind is per_user"},
      {"split.test_from", [](const RunConfig& c) { return is_kind(c, "time"); },
       "split.kind is time"},
      {"split.valid_from", [](const RunConfig& c) { return is_kind(c, "time"); },
       "split.kind is time"},
      {"split.folds", [](const RunConfig& c) { return is_kind(c, "k_fold"); },
       "split.kind is k_fold"},
      {"split.fold", [](const RunConfig& c) { return is_kind(c, "k_fold"); },
       "split.kind is k_fold"},
      {"train.monitor", [](const RunConfig& c) { return c.train.patience > 0; },
       "train.patience is above 0"},
      {"train.eval_every", [](const RunConfig& c) { return c.train.patience > 0; },
       "train.patience is above 0"},
  };
  return rows;
}

bool holds(const ReadKnob& row, const RunConfig& config) {
  return row.when == nullptr || row.when(config);
}

/// Knobs that play one part in different models.
struct Role {
  std::string one, many;
  std::vector<std::string> patterns;
};

const std::vector<Role>& roles() {
  static const std::vector<Role> rows = {
      {"penalty", "penalties",
       {"train.lambda", "train.lambda_", "svd.reg_", "svdpp.reg_", "baseline.reg_", "ials.reg",
        "ease.lambda"}},
      {"learning rate", "learning rates", {"train.lr", "svd.lr_", "svdpp.lr_"}},
  };
  return rows;
}

/// What plays the part of `knob` in the model of `config`, or which models it is for.
std::string instead_of(const std::string& knob, const ModelInfo& model, const RunConfig& config) {
  for (const Role& role : roles()) {
    if (!covered(role.patterns, knob)) continue;
    std::vector<std::string> own;
    RunConfig scratch;
    for (const Knob& other : knobs(scratch)) {
      const ReadKnob* const row = find(model.reads, other.name);
      if (covered(role.patterns, other.name) && row != nullptr && holds(*row, config))
        own.push_back(other.name);
    }
    if (own.empty()) return "it has no " + role.one;
    return "its " + (own.size() == 1 ? role.one + " is " : role.many + " are ") + listed(own);
  }
  return "it is for " + listed(readers_of(knob));
}

}  // namespace

std::string listed(const std::vector<std::string>& words) {
  std::string out;
  for (size_t n = 0; n < words.size(); ++n)
    out += (n == 0 ? "" : n + 1 == words.size() ? " and " : ", ") + words[n];
  return out;
}

std::vector<std::string> readers_of(const std::string& knob) {
  std::vector<std::string> out;
  for (const ModelInfo& model : model_catalog()) {
    if (is_for_all_models(knob) || find(model.reads, knob) != nullptr) out.push_back(model.name);
  }
  return out;
}

std::string why_unread(const std::string& knob, const RunConfig& config) {
  const ModelInfo& model = model_info(config.model.name);
  if (!is_for_all_models(knob)) {
    const std::string unread = knob + " is not read by " + model.name;
    const ReadKnob* const row = find(model.reads, knob);
    if (row == nullptr && model.trained == Trained::kNot) return unread + ", which is not trained";
    if (row == nullptr && !has_steps(model) && knob.starts_with("train."))
      return unread + ", which is computed at once";
    if (row == nullptr) return unread + "; " + instead_of(knob, model, config);
    if (!holds(*row, config)) return unread + " unless " + row->condition;
  }
  const ReadKnob* const condition = find(conditions(), knob);
  if (condition == nullptr || holds(*condition, config)) return "";
  return knob + " is not read unless " + condition->condition;
}

std::string readers_text(const std::string& knob) {
  std::vector<std::string> missing;
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;  // condition, models
  for (const ModelInfo& model : model_catalog()) {
    const ReadKnob* const row = find(model.reads, knob);
    if (row == nullptr && !is_for_all_models(knob)) {
      missing.push_back(model.name);
      continue;
    }
    const std::string condition = row == nullptr ? "" : row->condition;
    auto at = std::ranges::find(groups, condition, [](const auto& g) { return g.first; });
    if (at == groups.end()) at = groups.insert(groups.end(), {condition, {}});
    at->second.push_back(model.name);
  }
  std::string out;
  for (const auto& [condition, models] : groups) {
    if (!out.empty()) out += "; ";
    const bool alone = groups.size() == 1 && missing.size() < models.size();
    out += !alone            ? listed(models)
           : missing.empty() ? "all"
                             : "all but " + listed(missing);
    if (!condition.empty()) out += ", where " + condition;
  }
  const ReadKnob* const condition = find(conditions(), knob);
  return condition == nullptr ? out : out + ", where " + condition->condition;
}

}  // namespace latent
