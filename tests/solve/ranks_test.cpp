// What several ranks come to is, bit for bit, what one does.
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <numeric>

#include "src/base/rng.h"
#include "src/kernels/adam.h"
#include "src/kernels/gemm.h"
#include "src/kernels/many_negatives.h"
#include "src/kernels/pair_kernels.h"
#include "src/sampling/batch_order.h"
#include "src/solve/ials.h"
#include "tests/base/thread_peers.h"

namespace latent {
namespace {

constexpr int32_t kUsers = 3000, kItems = 5000, kFactors = 10;
constexpr int64_t kBucket = 4;  // items whose places in a batch's order are neighbours

std::vector<float> drawn(int64_t n, const char* name) {
  std::vector<float> out(n);
  RandomStream stream = Rng(1).stream(name);
  for (float& x : out) x = static_cast<float>(stream.uniform() - 0.5);
  return out;
}

struct Data {
  std::vector<float> beta_user = drawn(kUsers, "bu"), beta_item = drawn(kItems, "bi"),
                     gamma_user = drawn(kUsers * kFactors, "gu"),
                     gamma_item = drawn(kItems * kFactors, "gi");
  float alpha = 3.5f;
  SampleBatch batch;

  Data(int64_t size, int64_t negatives, bool shared) {
    RandomStream stream = Rng(2).stream("batch");
    batch.shared = shared;
    for (int64_t n = 0; n < size; ++n) {
      batch.users.push_back(static_cast<int32_t>(stream.below(kUsers)));
      batch.items.push_back(static_cast<int32_t>(stream.below(kItems)));
      batch.ratings.push_back(static_cast<float>(stream.below(6)));
    }
    batch.negatives.resize(shared ? negatives : size * negatives);
    for (int32_t& j : batch.negatives) j = static_cast<int32_t>(stream.below(kItems));
    BatchOrder(1).sort(batch);
  }

  Tables<const float> tables(bool rating) const {
    return {kUsers,
            kItems,
            kFactors,
            rating ? &alpha : nullptr,
            rating ? beta_user.data() : nullptr,
            beta_item.data(),
            gamma_user.data(),
            gamma_item.data()};
  }

  OwnedRows samples(Peers& peers, const Shares& users) const {
    OwnedRows out{&peers, {}};
    for (const int64_t u : users)
      out.shares.push_back(std::ranges::lower_bound(batch.users, u) - batch.users.begin());
    return out;
  }

  OwnedRows places(Peers& peers, const Shares& items) const {
    OwnedRows out{&peers, {}};
    for (const int64_t i : items)
      out.shares.push_back(
          std::ranges::partition_point(batch.sorted_items, [&](int32_t own) { return own < i; }) -
          batch.sorted_items.begin());
    return out;
  }
};

struct Gradients {
  std::vector<float> alpha = std::vector<float>(1), beta_user = std::vector<float>(kUsers),
                     beta_item = std::vector<float>(kItems),
                     gamma_user = std::vector<float>(kUsers * kFactors),
                     gamma_item = std::vector<float>(kItems * kFactors);
  double loss = 0;

  Tables<float> tables(bool rating) {
    return {kUsers,
            kItems,
            kFactors,
            rating ? alpha.data() : nullptr,
            rating ? beta_user.data() : nullptr,
            beta_item.data(),
            gamma_user.data(),
            gamma_item.data()};
  }

  /// Of a rank the rows of its users and items.
  void expect_same(const Gradients& one, Piece users, Piece items) const {
    EXPECT_EQ(loss, one.loss);
    EXPECT_EQ(alpha, one.alpha);
    const auto same = [&](const std::vector<float>& a, const std::vector<float>& b, Piece rows,
                          int64_t k) {
      return std::equal(a.begin() + rows.begin * k, a.begin() + rows.end * k,
                        b.begin() + rows.begin * k);
    };
    EXPECT_TRUE(same(beta_user, one.beta_user, users, 1));
    EXPECT_TRUE(same(gamma_user, one.gamma_user, users, kFactors));
    EXPECT_TRUE(same(beta_item, one.beta_item, items, 1));
    EXPECT_TRUE(same(gamma_item, one.gamma_item, items, kFactors));
    for (int64_t i = 0; i < kItems; ++i) {
      if (items.begin <= i && i < items.end) continue;
      EXPECT_EQ(beta_item[i], 0) << "another rank's item " << i;
    }
  }
};

struct Split {
  Shares users, items;
};

const std::vector<Split>& all_splits() {
  static const std::vector<Split> splits = {
      {{0, 1400, kUsers}, {0, 600 * kBucket, kItems}},
      {{0, 5, 2999, kUsers}, {0, 0, kBucket, kItems}},
      {{0, 700, 800, 1900, kUsers}, {0, 40, 3000, 3000 + kBucket, kItems}}};
  return splits;
}

/// run(samples, places) by one and by several ranks, which have all items or some each.
template <typename Fn>
void expect_the_same_by_ranks(const Data& data, const Fn& run) {
  const Gradients one = run(OwnedRows(), OwnedRows());
  EXPECT_NE(one.loss, 0);
  for (const Split& split : all_splits()) {
    for (const bool sharded : {false, true}) {
      std::mutex mutex;
      ThreadPeers(static_cast<int>(split.users.size()) - 1).run([&](Peers& peers) {
        const Gradients own = run(data.samples(peers, split.users),
                                  sharded ? data.places(peers, split.items) : OwnedRows());
        const std::lock_guard lock(mutex);
        own.expect_same(one, piece_of(split.users, peers.rank()),
                        sharded ? piece_of(split.items, peers.rank()) : Piece{0, kItems});
      });
    }
  }
}

TEST(PairKernelsOfRanks, HaveTheBitsOfOne) {
  for (const bool rating : {true, false}) {
    // The order of items of a pointwise loss is without negatives.
    const Data data(30000, rating ? 0 : 1, false);
    expect_the_same_by_ranks(data, [&](const OwnedRows& samples, const OwnedRows& places) {
      const SampleBatch& b = data.batch;
      const SortedPairs<float> pairs{b.size(), b.users.data(), b.items.data(), b.ratings.data(),
                                     rating ? nullptr : b.negatives.data(),
                                     b.sorted_items.data(), b.item_order.data(), b.item_shift};
      const PairKernels<float> kernels(data.tables(rating), pairs, 1, samples, places);
      std::vector<float> weight(b.size()), user_sum(b.size() * kFactors);
      Gradients out;
      out.loss = rating ? kernels.squared_errors(weight.data(), user_sum.data())
                        : kernels.pair_losses(weight.data(), user_sum.data());
      kernels.add_gradients(weight.data(), user_sum.data(), 0.25f, out.tables(rating));
      return out;
    });
  }
}

TEST(ManyNegativesOfRanks, HaveTheBitsOfOne) {
  for (const bool shared : {true, false}) {
    for (const bool cosine : {true, false}) {
      const Data data(2000, shared ? 100 : 7, shared);
      expect_the_same_by_ranks(data, [&](const OwnedRows& samples, const OwnedRows& places) {
        const SampleBatch& b = data.batch;
        RankedBatch batch;
        batch.size = b.size();
        batch.negatives = shared ? 100 : 7;
        batch.shared = shared;
        batch.users = b.users.data();
        batch.items = b.items.data();
        batch.negative = b.negatives.data();
        batch.sorted_items = b.sorted_items;
        batch.item_order = b.item_order.data();
        batch.item_shift = b.item_shift;
        batch.samples = samples;
        batch.places = places;
        ManyNegatives kernels({NegativeLoss::kSoftmax, 0.2f, 1, 1, 0, 1}, cosine);
        Gradients out;
        out.loss = kernels.losses(data.tables(false), batch, 1);
        kernels.add_gradients(data.tables(false), batch, 0.25f, 1, out.tables(false));
        return out;
      });
    }
  }
}

TEST(SumOfSquaresOfRanks, HasTheBitsOfOne) {
  constexpr int64_t kNumbers = 100000;
  const std::vector<float> all = drawn(kNumbers, "squares");
  const double one = sum_of_squares(all.data(), kNumbers, 1);
  for (const Shares& shares : {Shares{0, 17, kNumbers}, Shares{0, 40000, 41000, 42000, kNumbers},
                               Shares{0, 16384, 16384, kNumbers}}) {
    ThreadPeers(static_cast<int>(shares.size()) - 1).run([&](Peers& peers) {
      const Piece own = piece_of(shares, peers.rank());
      std::vector<float> w(kNumbers);
      std::copy(all.begin() + own.begin, all.begin() + own.end, w.begin() + own.begin);
      EXPECT_EQ(sum_of_squares(w.data(), {&peers, shares}, 1), one);
    });
  }
}

TEST(IalsOfRanks, HasTheBitsOfOne) {
  WeightedRows rows;
  rows.start = {0};
  RandomStream stream = Rng(3).stream("pairs");
  for (int u = 0; u < 900; ++u) {
    std::vector<int32_t> items;
    const int count = static_cast<int>(stream.below(60));
    for (int n = 0; n < count; ++n) items.push_back(static_cast<int32_t>(stream.below(300)));
    std::ranges::sort(items);
    items.erase(std::unique(items.begin(), items.end()), items.end());
    rows.column.insert(rows.column.end(), items.begin(), items.end());
    rows.start.push_back(std::ssize(rows.column));
  }
  const std::vector<float> users(900 * 24), items = drawn(300 * 24, "items");
  const auto diagonal = [](int d, double* matrix, double* values) {  // any turn will do
    for (int i = 0; i < d; ++i) values[i] = matrix[i * d + i];
    std::fill_n(matrix, d * d, 0.0);
    for (int i = 0; i < d; ++i) matrix[i * d + i] = 1;
  };
  const auto run = [&](Peers& peers) {
    IalsSolver solver(rows, 300, 24, {false, 0.1, 0.01, 1, 1}, diagonal, 1, peers);
    solver.load(users.data(), items.data());
    const double first = solver.iterate(), second = solver.iterate();
    std::vector<float> u(users.size()), i(items.size());
    solver.store(u.data(), i.data());
    return std::tuple(first, second, u, i);
  };
  const auto one = run(alone());
  for (const int ranks : {2, 3, 5})
    ThreadPeers(ranks).run([&](Peers& peers) { EXPECT_EQ(run(peers), one); });
}

}  // namespace
}  // namespace latent
