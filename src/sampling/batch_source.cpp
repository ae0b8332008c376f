#include "src/sampling/batch_source.h"

#include <utility>

namespace latent {

BatchSource::BatchSource(Sampler& sampler, bool sorted, bool ahead)
    : sampler_(sampler), order_(sampler.options().threads), sorted_(sorted) {
  if (ahead) thread_ = std::thread([this] { run(); });
}

BatchSource::~BatchSource() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

SampleBatch& BatchSource::get(int64_t step) {
  if (!thread_.joinable()) {
    draw(step, now_);
    return now_;
  }
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return wanted_ < 0; });
    if (ready_ == step) {
      ready_ = -1;
      if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
      std::swap(now_, next_);
    } else {
      draw(step, now_);
    }
    wanted_ = step + 1;
  }
  changed_.notify_all();
  return now_;
}

void BatchSource::draw(int64_t step, SampleBatch& out) {
  sampler_.draw(step, out);
  if (sorted_) order_.sort(out);
  sampler_.complete(step, out);
}

void BatchSource::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stop_ || wanted_ >= 0; });
    if (stop_) return;
    const int64_t step = wanted_;
    lock.unlock();
    try {
      draw(step, next_);
    } catch (...) {
      error_ = std::current_exception();
    }
    lock.lock();
    ready_ = step;
    wanted_ = -1;
    changed_.notify_all();
  }
}

}  // namespace latent
