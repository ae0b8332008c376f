// A Goodreads-shaped file with planted biases and factors, for a first run and for tests.
#pragma once

#include <cstdint>
#include <string>

namespace latent {

struct SynthOptions {
  int64_t users = 2000, items = 1000, ratings = 100000, factors = 4;
  double mean = 3.9;
  double bias_std = 0.35;   ///< of user and of item biases
  double factor_std = 0.4;  ///< of the factors' product
  double noise = 0.5;
  bool round = true;  ///< to whole ratings 0..5; off: real numbers, not clipped
  bool csv = false;   ///< user,item,rating, by user: takes no memory for the pairs
  int64_t seed = 0;
};

/// Writes JSON lines, gz when the name says so (user_id, book_id, review_id, rating, review_text,
/// ...) with distinct (user, book) pairs in random order: rating = mean + b_u + b_i + p_u . q_i +
/// noise, all normal; popularity is a power law. Under `csv`: rows user,item,rating with numbers
/// for ids, a user's rows together, users in random order, each with as many as their share says.
/// Atomic. Throws Error for more ratings than there are pairs to draw.
void write_synthetic(const std::string& path, const SynthOptions& options);

}  // namespace latent
