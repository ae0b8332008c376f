// Times the losses of a batch whose samples share negatives, with their gradients, beside the bare
// three products of the same shapes: bench_negatives SAMPLES NEGATIVES FACTORS THREADS. One JSON
// line, seconds of the fastest of many; both in turn, so that a busy machine slows both.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "src/base/huge_pages.h"
#include "src/base/parallel.h"
#include "src/base/rng.h"
#include "src/kernels/many_negatives.h"
#include "src/kernels/panels.h"

namespace latent {
namespace {

using Clock = std::chrono::steady_clock;

Table<float> normals(int64_t n, const char* name) {
  RandomStream random = Rng(1).stream(name);
  Table<float> out(n);
  for (float& v : out) v = static_cast<float>(random.normal());
  return out;
}

/// Ids of a batch of `size` samples and `negatives`, all different.
struct Ids {
  std::vector<int32_t> users, items, negatives, sorted, order;
  Ids(int64_t size, int64_t count) : users(size), items(size), negatives(count) {
    for (int64_t n = 0; n < size; ++n) users[n] = items[n] = static_cast<int32_t>(n);
    for (int64_t n = 0; n < count; ++n) negatives[n] = static_cast<int32_t>(size + n);
    for (int64_t n = 0; n < size + count; ++n) sorted.push_back(static_cast<int32_t>(n));
    order = sorted;
  }
};

/// S = U N^T, D = S N, E = S^T U by blocks of 64 rows.
class BareProducts {
 public:
  BareProducts(int64_t size, int64_t negatives, int64_t k)
      : size_(size), negatives_(negatives), k_(k), users_(normals(size * k, "u")),
        across_(normals(negatives * k, "n")), down_(across_), by_user_(size * k) {}

  void run(int threads) {
    constexpr int64_t kRows = 64;
    const int64_t stride = negatives_ + 16, parts = std::min<int64_t>(16, size_ / kRows);
    by_item_.resize(parts * negatives_ * k_);
    parallel_chunks(parts, threads, [&](int64_t part) {
      static thread_local Table<float> scores, panels;
      scores.resize(kRows * stride);
      panels.resize(kRows * k_);
      for (int64_t b = part * kRows; b + kRows <= size_; b += parts * kRows) {
        const float* const u = users_.data() + b * k_;
        multiply_panels({u, k_, 1}, kRows, k_, across_.data(), negatives_, scores.data(), stride,
                        false);
        multiply_panels({scores.data(), stride, 1}, kRows, negatives_, down_.data(), k_,
                        by_user_.data() + b * k_, k_, false);
        pack_panels(u, kRows, k_, panels.data());
        multiply_panels({scores.data(), 1, stride}, negatives_, kRows, panels.data(), k_,
                        by_item_.data() + part * negatives_ * k_, k_, b >= parts * kRows);
      }
    });
  }

 private:
  int64_t size_, negatives_, k_;
  Table<float> users_, across_, down_, by_user_, by_item_;
};

void run(int64_t size, int64_t count, int64_t k, int threads) {
  const auto rows = static_cast<int32_t>(size + count);
  const Table<float> users = normals(rows * k, "users"), items = normals(rows * k, "items");
  Table<float> by_user(rows * k), by_item(rows * k);
  const Ids ids(size, count);
  RankedBatch batch;
  batch.size = size;
  batch.negatives = count;
  batch.shared = true;
  batch.users = ids.users.data();
  batch.items = ids.items.data();
  batch.negative = ids.negatives.data();
  batch.sorted_items = ids.sorted;
  batch.item_order = ids.order.data();
  const Tables<const float> tables{rows, rows, static_cast<int32_t>(k), nullptr, nullptr, nullptr,
                                   users.data(), items.data()};
  NegativeLossForm form;
  form.tau = 0.1f;
  ManyNegatives losses(form, /*cosine=*/true);
  BareProducts products(size, count, k);
  double ours = 1e9, bare = 1e9, sum = 0;
  const auto seconds = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  for (int n = 0; n < 60; ++n) {
    auto start = Clock::now();
    sum += losses.losses(tables, batch, threads);
    losses.add_gradients(tables, batch, 1, threads,
                         {rows, rows, static_cast<int32_t>(k), nullptr, nullptr, nullptr,
                          by_user.data(), by_item.data()});
    ours = std::min(ours, seconds(start));
    start = Clock::now();
    products.run(threads);
    bare = std::min(bare, seconds(start));
  }
  std::printf("{\"seconds\": %.6g, \"products\": %.6g, \"loss\": %.6g}\n", ours, bare, sum / 60);
}

}  // namespace
}  // namespace latent

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  latent::run(std::atoll(argv[1]), std::atoll(argv[2]), std::atoll(argv[3]), std::atoi(argv[4]));
}
