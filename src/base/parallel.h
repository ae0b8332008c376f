// Work in chunks whose size never depends on the number of threads.
#pragma once

#include <cstdint>
#include <functional>

namespace latent {

/// Hardware threads, at least 1.
int hardware_threads();

/// Calls fn(chunk) once for each chunk in [0, chunks), from up to `threads` threads (0: all that
/// the machine has). The first exception thrown is rethrown here after all threads have stopped.
void parallel_chunks(int64_t chunks, int threads, const std::function<void(int64_t)>& fn);

inline int64_t ceil_div(int64_t n, int64_t by) { return (n + by - 1) / by; }

}  // namespace latent
