// Reading a config: knob default < the model's own defaults < included files < file < --set.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "src/config/knobs.h"

namespace latent {

/// A knob that is no more, and what to do about it: {"train.old", "leave it out: ..."}.
struct RetiredKnob {
  std::string name, advice;
};

/// A run's own config may still name them: they are passed over there with a note. Elsewhere they
/// are errors.
const std::vector<RetiredKnob>& retired_knobs();

struct ResolvedConfig {
  RunConfig config;
  /// knob -> "default", "model", "include", "file" or "--set"; "run": the file is a run's own
  /// config.json; "wrong": what was given could not be taken, and the value is that of the level
  /// below.
  std::map<std::string, std::string> sources;
  std::map<std::string, std::string> places;  ///< "c.json:7" of each knob that a file gives
  std::vector<std::string> includes;          ///< included files in their order, each once
  std::vector<std::string> wrong;             ///< a line for each key or value not taken
  nlohmann::ordered_json sweep;  ///< the section of that name as written (sweep_spec.h), or null
};

/// Whether a value of this source was written by a person for this very run, so that the program
/// owes an answer where it has no use for it. Included files are none: what they hold in common may
/// be for other models.
bool is_given(const std::string& source);

/// Reads the JSON text (comments allowed) of the file `where` and the files that it includes
/// (config_file.h), then applies `sets` ("key=value"); variables of the environment are put in
/// (variables.h). An object with "provenance" is a run's own config; its relative paths start where
/// the run did (start_paths_at). Throws Error with a line for each key that is unknown and value
/// that is mistyped or out of range.
ResolvedConfig resolve_config(const std::string& text, const std::string& where,
                              const std::vector<std::string>& sets,
                              const std::vector<RetiredKnob>& retired = retired_knobs());

/// The same for a file; an empty path stands for an empty config.
ResolvedConfig read_config(const std::string& path, const std::vector<std::string>& sets);

/// The same with those lines in `wrong` instead; complaints() begins with them. What is no JSON
/// still throws.
ResolvedConfig resolve_with_complaints(const std::string& text, const std::string& where,
                                       const std::vector<std::string>& sets,
                                       const std::vector<RetiredKnob>& retired = retired_knobs());
ResolvedConfig read_with_complaints(const std::string& path, const std::vector<std::string>& sets);

}  // namespace latent
