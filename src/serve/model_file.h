// A model file as arrays and facts. Trusts nothing in it: every length and place is checked against
// the file, every array against its checksums, and no code in it is run. Free of torch.
#pragma once

#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "src/formats/file_bytes.h"
#include "src/serve/stored_array.h"

namespace latent {

class ZipReader;

/// Throws Error for a file that is missing, damaged, of a newer format or no model of latent's.
class ModelFile {
 public:
  ModelFile(const std::string& path, Hold hold);

  const std::string& path() const { return path_; }
  /// extra/latent.json: config, metrics, provenance.
  const std::string& metadata() const { return metadata_; }
  int format() const { return format_; }
  bool is_zip() const { return !archive_.empty(); }

  /// An array by name; one that is not there has is_there() false. `type` and, where `size` is not
  /// negative, the number of values are as asked for, or the file is damaged.
  const StoredArray& array(const std::string& name, ValueType type, int64_t size = -1) const;
  bool has(const std::string& name) const { return arrays_.contains(name); }
  const std::map<std::string, StoredArray>& arrays() const { return arrays_; }

  /// The methods' TorchScript, which nothing here runs; "": a file without code.
  std::string code() const;

  /// Facts beside the arrays: "model_name", "rating_low", ...
  std::optional<double> number(const std::string& name) const;
  std::string text(const std::string& name) const;
  bool flag(const std::string& name) const;
  /// Lists of strings, which the first format had in place of tables of ids; null: none.
  const std::vector<std::string>* list(const std::string& name) const;

  /// Says that what is in the file does not fit together.
  [[noreturn]] void damaged(const std::string& what) const;

 private:
  void read_zip();
  void read_safetensors();
  void read_manifest(const std::map<std::string, std::span<const char>>& members);
  void read_pickle(const ZipReader& zip);
  void add(const std::string& name, ArrayEntry entry, std::span<const char> bytes);

  std::string path_, archive_;
  InputFile file_;
  FileBytes bytes_;
  std::string metadata_;
  int format_ = 0;
  nlohmann::json facts_;
  std::map<std::string, StoredArray> arrays_;
  std::map<std::string, std::vector<std::string>> lists_;
  std::deque<std::vector<char>> aligned_;  ///< copies of arrays that lie unaligned in the file
};

}  // namespace latent
