// Whether a warm start has seen the rows that the model is tested on.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "src/config/options.h"
#include "src/data/split.h"
#include "src/run/fit.h"
#include "src/serve/served_model.h"

namespace latent {

/// Which pairs the test part holds, in whatever order and by whatever indices: the sum of their
/// ids' FNV-1a hashes (64 bits), in hexadecimal digits.
std::string test_pairs(const SplitDataset& data);

/// What a file of tables says of its training, as a line of JSON: "test_pairs", none of which it
/// saw unless "leaked" is true.
std::string trained_on(const SplitDataset& data, bool leaked);

/// Whether tables that say so have seen rows of the test part of `data`. Says on stderr where
/// nothing is known: an empty text.
bool has_seen_test(const std::string& trained_on, const SplitDataset& data,
                   const std::string& path);

/// The same of an exported model: where its own test part was another, whether its histories hold a
/// pair of this one.
bool has_seen_test(const ServedModel& model, const SplitDataset& data);

}  // namespace latent
