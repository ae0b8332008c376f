// What is wrong with a config before any data is read: all of it, a line each.
#pragma once

#include <string>
#include <vector>

#include "src/config/read.h"

namespace latent {

struct Complaint {
  std::string knob;  ///< the one to change; "" for what has its place in the text
  std::string text;
};
using Complaints = std::vector<Complaint>;

/// Knobs that were given (in the file or by --set), differ from their default and are never read
/// with this model and split. Knobs data.*, seeds, threads and the device are exempt, and values of
/// a run's own config and of included files.
Complaints unread_knobs(const ResolvedConfig& resolved);

/// Knobs that do not go together with the model or with each other, apart from the split's.
Complaints wrong_combinations(const RunConfig& config);

/// Shares of the test and validation parts that leave nothing to train on.
Complaints wrong_shares(const SplitOptions& split);

/// Parts that data.* and split.* cannot give.
Complaints wrong_split(const DataOptions& data, const SplitOptions& split);

/// All that training refuses before it reads data, and data files that are not there; with
/// "config.json:7: " before what that file gives.
std::vector<std::string> complaints(const ResolvedConfig& resolved);

/// Those that do not depend on the files and how they are split: for a run that goes on or is
/// evaluated, and for folds that are cut elsewhere.
std::vector<std::string> complaints_apart_from_data(const ResolvedConfig& resolved);

/// Throws Error with a line for each complaint, if there are any.
void refuse(const std::vector<std::string>& lines);
void refuse(const Complaints& found);

}  // namespace latent
