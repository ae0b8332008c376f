// Batches ready when the step wants them: the next one is drawn while the last is worked on.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>

#include "src/sampling/batch_order.h"
#include "src/sampling/sampler.h"

namespace latent {

/// Batches are those of the sampler, whoever draws them: numbers come from counter-based streams.
class BatchSource {
 public:
  /// Keeps a reference. `sorted`: each batch in BatchOrder's order. `ahead`: draw the next batch in
  /// another thread.
  BatchSource(Sampler& sampler, bool sorted, bool ahead);
  ~BatchSource();
  BatchSource(const BatchSource&) = delete;
  BatchSource& operator=(const BatchSource&) = delete;

  /// Batch number `step`; it may be changed, and stays valid until the next call. Rethrows what
  /// drawing it threw.
  SampleBatch& get(int64_t step);

 private:
  void draw(int64_t step, SampleBatch& out);
  void run();

  Sampler& sampler_;
  BatchOrder order_;
  bool sorted_;
  SampleBatch now_;
  // Shared with the thread, which alone uses sampler_, order_ and next_ while wanted_ >= 0.
  SampleBatch next_;
  int64_t wanted_ = -1, ready_ = -1;
  bool stop_ = false;
  std::exception_ptr error_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace latent
