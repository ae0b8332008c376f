// BPR by stochastic gradient descent as the implicit library does it: its exact twin, and the fast
// one whose bits do not depend on the number of threads.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "src/base/huge_pages.h"
#include "src/score/user_items.h"
#include "src/solve/bpr_draws.h"
#include "src/solve/stripes.h"

namespace latent {

struct BprRates {
  double lr, reg;
  bool verify_negatives;  ///< skip a sample whose negative the user has
};

/// Rows of `stride` floats: the factors, then the item's bias (1 for users), then zeros.
struct BprTables {
  BprTables(int32_t user_rows, int32_t item_rows, int32_t factors);
  int32_t factors, stride;
  Table<float> users, items;  ///< [rows, stride]
};

/// One epoch: samples = correct + wrong + skipped. implicit's train AUC is correct / (samples -
/// skipped).
struct BprCounts {
  int64_t samples = 0, correct = 0, skipped = 0;
  bool operator==(const BprCounts&) const = default;
};

/// Epochs over the distinct pairs of users and items. Each draws as many samples as there are
/// pairs: a positive pair uniformly, and as its negative the item of another uniformly drawn pair;
/// with s = u . (i - j) over all columns and z = 1 / (1 + e^s),
///   u += lr (z (i - j) - reg u),  i += lr (z u - reg i),  j += lr (-z u - reg j)
/// from the old u, i and j; the items' biases likewise with u = 1 (Rendle et al., UAI 2009).
class BprSgd {
 public:
  /// `pairs` are of users and items 0..items-1. Throws Error where there is no pair, or more than
  /// 2^32 - 1.
  BprSgd(UserItems pairs, int32_t items, int32_t factors, const BprRates& rates, uint64_t seed);
  BprSgd(const BprSgd&) = delete;  // draws_ refers to users_ and items_
  BprSgd& operator=(const BprSgd&) = delete;

  /// Sets the weights: factors [U, factors] and [I, factors], the items' biases [I].
  void load(const float* users, const float* items, const float* biases);
  /// The weights as they are now, in the same form.
  void store(float* users, float* items, float* biases) const;

  /// What implicit 0.7.3 computes on one thread, draw by draw and operation by operation (its
  /// wheel's std::uniform_int_distribution is libstdc++'s since GCC 11). `generator` goes on from
  /// epoch to epoch.
  BprCounts epoch_exact(std::mt19937& generator);

  /// The fast epoch. Each part of about 2,048 pairs gets as many samples as it has pairs; they are
  /// taken in an order in which those done at once share neither users nor items (in the manner of
  /// Gemulla et al., KDD 2011): no update is lost, and the result depends on the seed and `epoch`
  /// alone, not on the threads.
  BprCounts epoch(int64_t epoch, int threads);

  const BprTables& tables() const { return tables_; }
  const BprDraws& draws() const { return draws_; }  ///< and where users and items have their rows

 private:
  int32_t items_count_;
  BprRates rates_;
  uint64_t seed_;
  StripedRows users_, items_;  // of the tables
  BprDraws draws_;
  BprTables tables_;
  Table<BprSample> samples_;  // [pairs] an epoch's
};

/// The generator's state as words in text, and back; throws Error where the text is no such state.
std::string generator_text(const std::mt19937& generator);
std::mt19937 generator_from_text(const std::string& text);

}  // namespace latent
