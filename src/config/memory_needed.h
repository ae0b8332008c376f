// The memory that a training takes, known before any of it is taken.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/config/options.h"

namespace latent {

/// A part of it: so many bytes at least, which grow with `knobs`.
struct MemoryNeed {
  std::string knobs;  ///< "model.factors = 1000000"
  std::string what;   ///< "tables of 40 users and 20 items"
  double bytes = 0;   ///< a sum of products that may go beyond any integer
};

/// The large parts, beside the data. Estimates from below: what they rule out cannot work.
std::vector<MemoryNeed> memory_needed(const RunConfig& config, int64_t users, int64_t items,
                                      int64_t rows);

/// Throws Error where they are more than the `available` bytes, with the knobs of the largest part.
void require_memory(const RunConfig& config, int64_t users, int64_t items, int64_t rows,
                    int64_t available);

/// The same for several trainings at a time, `jobs` of those in `configs`; one that would not even
/// fit alone is not counted.
void require_memory_for_jobs(const std::vector<const RunConfig*>& configs, int jobs,
                             int64_t users, int64_t items, int64_t rows, int64_t available);

}  // namespace latent
