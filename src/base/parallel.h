// Work in chunks whose size never depends on the number of threads.
#pragma once

#include <cstdint>
#include <functional>

namespace latent {

/// Hardware threads, at least 1.
int hardware_threads();

/// Threads for work that is told no number: of the whole process, all that the machine has unless
/// set; 0 sets that again.
int default_threads();
void set_default_threads(int threads);

/// Calls fn(chunk) once for each chunk in [0, chunks), from up to `threads` threads (0: all that
/// the machine has); in this one alone within another call. The first exception thrown is rethrown
/// here after all threads have stopped; chunks that were not begun by then are left out.
void parallel_chunks(int64_t chunks, int threads, const std::function<void(int64_t)>& fn);

inline int64_t ceil_div(int64_t n, int64_t by) { return (n + by - 1) / by; }

}  // namespace latent
