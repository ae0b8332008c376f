// The fast BPR epoch: parts of the users in parallel, items without locks.
#include "src/base/parallel.h"
#include "src/solve/bpr_kernels.h"
#include "src/solve/bpr_sgd.h"

namespace latent {

namespace {

// Threads race on the items' rows on purpose: an update may be lost, which stochastic gradient
// descent bears (Niu et al., "Hogwild!", NIPS 2011).
template <int kVectors>
__attribute__((no_sanitize("thread"))) BprCounts
run_part(const BprRows rows, BprDraws::Reader reader) {
  constexpr int kBlock = BprDraws::kBlock;
  constexpr int kLag = kVectors == 1 ? 32 : 16;  // samples between a prefetch and its use
  BprCounts counts;
  BprSample waiting[kLag + 8 + kBlock];
  int size = 0, fresh;
  while ((fresh = reader.next(waiting + size, counts.skipped)) >= 0) {
    for (int n = size; n < size + fresh; ++n) bpr_prefetch<kVectors>(rows, waiting[n]);
    size += fresh;
    int done = 0;
    for (; size - done >= kLag + 8; done += 8)
      counts.correct += bpr_step8<kVectors>(rows, waiting + done);
    size -= done;
    __builtin_memmove(waiting, waiting + done, size * sizeof(BprSample));
  }
  int done = 0;
  for (; size - done >= 8; done += 8) counts.correct += bpr_step8<kVectors>(rows, waiting + done);
  for (; done < size; ++done) counts.correct += bpr_step(rows, waiting[done]);
  return counts;
}

}  // namespace

BprCounts BprSgd::epoch(BprTables& tables, int64_t epoch, int threads) const {
  const BprRows rows(tables, rates_);
  const auto run = with_vectors(tables.stride, [](auto vectors) { return &run_part<vectors()>; });
  const auto order = draws_.order(epoch);
  std::vector<BprCounts> counts(order.size());
  parallel_chunks(draws_.parts(), threads, [&](int64_t n) {
    counts[n] = run(rows, BprDraws::Reader(draws_, order[n], epoch));
  });
  BprCounts sum;
  sum.samples = draws_.pairs();
  for (const BprCounts& c : counts) {
    sum.correct += c.correct;
    sum.skipped += c.skipped;
  }
  return sum;
}

}  // namespace latent
