// BPR by stochastic gradient descent as the implicit library does it, in place on plain tables: the
// exact twin, the fast one and the one whose bits do not depend on the number of threads.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "src/base/huge_pages.h"
#include "src/score/user_items.h"
#include "src/solve/bpr_draws.h"

namespace latent {

struct BprRates {
  double lr, reg;
  bool verify_negatives;  ///< skip a sample whose negative the user has
};

/// Rows of `stride` floats: the factors, then the item's bias (1 for users), then zeros.
struct BprTables {
  BprTables(int32_t users, int32_t items, int32_t factors);
  int32_t factors, stride;
  Table<float> users, items;  ///< [U, stride], [I, stride]
};

/// What implicit makes: (uniform in [0, 1) - 0.5) / factors in every column of an item with
/// interactions, its bias included, and in the factor columns of a user with interactions; other
/// rows are 0. Every user's last column is 1.
void draw_bpr_factors(BprTables& tables, const UserItems& pairs, uint64_t seed);

/// One epoch: samples = correct + wrong + skipped. implicit's train AUC is correct / (samples -
/// skipped).
struct BprCounts {
  int64_t samples = 0, correct = 0, skipped = 0;
  bool operator==(const BprCounts&) const = default;
};

/// What the deterministic epoch works with.
struct BprStripes {
  BprStripes(const BprDraws& draws, int32_t items, uint64_t seed);
  std::vector<uint16_t> user, item;  // [U], [I] of about equal weight
  std::vector<BprSample> drawn, sorted;
  std::vector<uint16_t> bucket;  // of drawn
};

/// Epochs over the distinct pairs of users and items. Each draws as many samples as there are
/// pairs: a positive pair uniformly, and as its negative the item of another uniformly drawn pair;
/// with s = u . (i - j) over all columns and z = 1 / (1 + e^s),
///   u += lr (z (i - j) - reg u),  i += lr (z u - reg i),  j += lr (-z u - reg j)
/// from the old u, i and j; the items' biases likewise with u = 1 (Rendle et al., UAI 2009).
class BprSgd {
 public:
  /// Throws Error where there is no pair, or more than 2^32 - 1.
  BprSgd(UserItems pairs, int32_t items, const BprRates& rates, uint64_t seed);

  /// What implicit 0.7.3 computes on one thread, draw by draw and operation by operation (its
  /// wheel's std::uniform_int_distribution is libstdc++'s since GCC 11). `generator` goes on from
  /// epoch to epoch.
  BprCounts epoch_exact(BprTables& tables, std::mt19937& generator) const;

  /// The fast epoch: threads take parts of the users and update the items' rows without locks (Niu
  /// et al., "Hogwild!", NIPS 2011), so that results differ a little from run to run with two
  /// threads or more; with one they depend on the seed and `epoch` alone. Each part of about 8,192
  /// pairs gets as many samples as it has pairs.
  BprCounts epoch(BprTables& tables, int64_t epoch, int threads) const;

  /// The fast epoch's samples in an order in which those done at once share neither users nor items
  /// (in the manner of Gemulla et al., KDD 2011): the same bits for any number of threads, and no
  /// update is lost.
  BprCounts epoch_deterministic(BprTables& tables, int64_t epoch, int threads);

 private:
  int32_t items_;
  BprRates rates_;
  uint64_t seed_;
  BprDraws draws_;
  std::unique_ptr<BprStripes> stripes_;  // made by the first deterministic epoch
};

/// The generator's state as words in text, and back; throws Error where the text is no such state.
std::string generator_text(const std::mt19937& generator);
std::mt19937 generator_from_text(const std::string& text);

}  // namespace latent
