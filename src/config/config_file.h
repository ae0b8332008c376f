// The files of a config: the one that is named, and those that it includes.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace latent {

/// A dotted key and its value: {"train.lr", 0.1}.
using Assignment = std::pair<std::string, nlohmann::json>;

struct ConfigFile {
  std::string path;  ///< as errors name it
  std::string text;
  std::vector<Assignment> assignments = {};  ///< in the order of their names, none twice
  nlohmann::ordered_json sweep = nullptr;  ///< the section of that name as written
  bool of_run = false;                  ///< a run's own config.json: it has "provenance"
  std::string folder = {};  ///< of such a file: where its relative paths start; "": here

  /// "path:line" of the key `name`, or the path where it is not found.
  std::string place_of(const std::string& name) const;
};

/// `text`, read from `path`, as the last file, and before it those that it includes, in the order
/// in which later ones win: each after the files that it includes itself. Names of included files
/// start at the folder of the file that names them; "$schema" is passed over. Throws Error for what
/// is no JSON object, a key given twice, a file that cannot be read, and includes in a circle.
std::vector<ConfigFile> config_files(const std::string& text, const std::string& path);

}  // namespace latent
