// Long tasks, each free to use the team of its own thread.
#pragma once

#include <cstdint>
#include <functional>

namespace latent {

/// Calls task(0) ... task(tasks - 1) on up to `jobs` threads, this one among them, begun in that
/// order. After an exception no further task is begun; when those at hand have ended, that of the
/// lowest number is thrown.
void run_jobs(int64_t tasks, int64_t jobs, const std::function<void(int64_t)>& task);

}  // namespace latent
