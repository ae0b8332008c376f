// Factor tables as files that Python's `implicit` package loads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

namespace latent {

/// score(u, i) = user_factors[u] . item_factors[i]: what the package's recommend() ranks by.
struct ImplicitTables {
  int64_t users = 0, items = 0, columns = 0;
  std::span<const float> user_factors;  ///< [U, columns]
  std::span<const float> item_factors;  ///< [I, columns]
  /// Written as further arrays, which the package's load() makes attributes of the model; empty:
  /// left out. The row of each id: [U], [I].
  std::span<const std::string> user_ids, item_ids;
  std::string trained_on;  ///< likewise; see src/run/warm_start.h
};

/// The arguments of implicit 0.7's cpu.bpr.BayesianPersonalizedRanking; `factors` is columns - 1,
/// since the last column is the item's bias and 1 for every user.
struct ImplicitBprParameters {
  double learning_rate, regularization;
  int64_t iterations;
  bool verify_negative_samples;
  int64_t num_threads = 0;
  std::optional<int64_t> random_state = {};
};

/// The arguments of implicit 0.7's cpu.als.AlternatingLeastSquares; `factors` is columns.
struct ImplicitAlsParameters {
  double regularization, alpha;
  int64_t iterations;
  int64_t num_threads = 0, cg_steps = 3;
  bool use_native = true, use_cg = true, calculate_training_loss = false;
  std::optional<int64_t> random_state = {};
};

/// Loads with BayesianPersonalizedRanking.load(path) of implicit.cpu.bpr. Throws Error for a file
/// whose name does not end in .npz: the package would look for another one.
void write_implicit_bpr_npz(const std::filesystem::path& path, const ImplicitTables& tables,
                            const ImplicitBprParameters& parameters);

/// The same for AlternatingLeastSquares.load(path) of implicit.cpu.als.
void write_implicit_als_npz(const std::filesystem::path& path, const ImplicitTables& tables,
                            const ImplicitAlsParameters& parameters);

}  // namespace latent
