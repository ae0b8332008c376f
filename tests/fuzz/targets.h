// What is fuzzed: each reader as a function of a file's bytes.
#pragma once

#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace latent::fuzz {

/// A promise that an input broke though nothing crashed.
struct Finding : std::logic_error {
  using std::logic_error::logic_error;
};

struct Target {
  const char* name;
  const char* corpus;  ///< its folder under tests/fuzz/corpus
  /// All that was read, as text that is the same for the same values. Throws Error for what is
  /// refused; any other exception is a finding.
  std::string (*read)(std::string_view bytes);
  /// The same bytes with checksums that fit, so that what lies behind them is reached; null: the
  /// format has none. One that has is either refused or reads as it did before it was damaged.
  std::string (*with_checksums)(std::string_view bytes) = nullptr;
};

std::span<const Target> targets();
/// Null: there is none of that name.
const Target* find_target(std::string_view name);

/// What reading comes to; none: refused. Throws what is a finding.
std::optional<std::string> outcome(const Target& target, std::string_view bytes);
/// The same, and once more behind the checksums. What a fuzzer calls.
void try_both(const Target& target, std::string_view bytes);

// text_targets.cpp
std::string read_json_lines(std::string_view bytes);
std::string read_python_dicts(std::string_view bytes);
std::string read_delimited(std::string_view bytes);
std::string read_adjacency(std::string_view bytes);
std::string read_matrix_market(std::string_view bytes);
std::string read_netflix(std::string_view bytes);
std::string read_gz(std::string_view bytes);
// list_targets.cpp
std::string read_titles(std::string_view bytes);
std::string read_ids(std::string_view bytes);
// config_target.cpp
std::string read_any_config(std::string_view bytes);
// container_targets.cpp
std::string read_cache(std::string_view bytes);
std::string read_checkpoint(std::string_view bytes);
std::string read_npz(std::string_view bytes);
// model_targets.cpp
std::string read_model(std::string_view bytes);
std::string read_model_lazily(std::string_view bytes);
std::string read_pickle(std::string_view bytes);
// http_target.cpp
std::string read_requests(std::string_view bytes);

// checksums.cpp
std::string sections_with_checksums(std::string_view bytes);
std::string zip_with_checksums(std::string_view bytes);
std::string model_with_checksums(std::string_view bytes);

}  // namespace latent::fuzz
