// What a comparison reads of each run: config, figures, figures of users; no data. Free of torch.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "src/config/options.h"
#include "src/metrics/bootstrap.h"
#include "src/metrics/per_user.h"

namespace latent {

struct ComparedRun {
  std::string path;
  std::string name;  ///< as the user calls it: the run, or the sweep whose winner it is
  RunConfig config = {};
  nlohmann::json provenance = {};
  nlohmann::ordered_json test = {}, train = {};  ///< of metrics.json
  std::optional<PerUserFigures> per_user = {};   ///< none: the run has no per_user.npz
};

/// The runs that the words stand for, each once: run directories, and sweeps for their winner's
/// runs. Throws Error for what is neither, and for runs that are damaged, unfinished or have no
/// test part.
std::vector<ComparedRun> read_compared_runs(const std::vector<std::string>& words);

/// Throws Error, with the difference named, where the two were not trained and tested on the same
/// parts of the same data.
void require_same_parts(const ComparedRun& a, const ComparedRun& b);

/// Throws Error, likewise, where their rankings were judged by other rules: eval.mask and so on.
void require_same_rules(const ComparedRun& a, const ComparedRun& b);

/// Whether the figures are of a fit on all rows but the test part's: no validation part was left
/// out.
bool trains_on_all_but_test(const RunConfig& config);

/// A knob that makes two runs two settings: not train.seed, nor any that leaves training and data
/// alone.
bool is_setting(const std::string& knob);

/// A metric's figures by user.
struct MetricOfUsers {
  std::vector<int32_t> user;  ///< those who were judged by it
  UserSums sums;              ///< of these
};

/// None where the run has no per_user.npz, or the metric is not judged user by user.
std::optional<MetricOfUsers> metric_of_users(const ComparedRun& run, const std::string& metric);

}  // namespace latent
