#include "src/config/config_file.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/json_text.h"
#include "src/config/knobs.h"
#include "src/config/variables.h"

namespace latent {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

int line_of(const std::string& text, size_t byte) {
  return 1 + static_cast<int>(
                 std::count(text.begin(), text.begin() + std::min(byte, text.size()), '\n'));
}

Error given_twice(const std::string& where, const std::string& key) {
  return Error(where + ": key " + in_quotes(key) + " is given twice; keep one");
}

/// Parses strictly: a key given twice in one object is an error, where JSON would keep the last.
json parse_strictly(const std::string& text, const std::string& where) {
  std::vector<std::set<std::string>> open;
  const auto check = [&](int depth, json::parse_event_t event, json& value) {
    if (depth > kDeepestJson)
      throw Error(where + ": objects and lists are nested deeper than " +
                  std::to_string(kDeepestJson) + " levels; a config needs three");
    if (event == json::parse_event_t::object_start) open.emplace_back();
    if (event == json::parse_event_t::object_end) open.pop_back();
    if (event == json::parse_event_t::key && !open.back().insert(value.get<std::string>()).second) {
      throw given_twice(where, value.get<std::string>());
    }
    return true;
  };
  try {
    return json::parse(text, check, /*allow_exceptions=*/true, /*ignore_comments=*/true);
  } catch (const json::parse_error& e) {
    std::string what = e.what();
    // "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error ..."
    const size_t colon = what.find(": ");
    if (colon != std::string::npos) what = what.substr(colon + 2);
    throw Error(where + ":" + std::to_string(line_of(text, e.byte > 0 ? e.byte - 1 : 0)) +
                ": not valid JSON: " + what);
  } catch (const json::out_of_range& e) {
    // "[json.exception.out_of_range.406] number overflow parsing '1e999'"
    const std::string what = e.what();
    throw Error(where + ": not valid JSON: " + what.substr(what.find("] ") + 2));
  }
}

/// `whole`: knobs whose value is itself an object.
void flatten(const json& value, const std::string& prefix, const std::set<std::string>& whole,
             std::vector<Assignment>& out) {
  for (const auto& [key, inner] : value.items()) {
    const std::string name = prefix.empty() ? key : prefix + "." + key;
    if (inner.is_object() && !inner.empty() && !whole.contains(name)) {
      flatten(inner, name, whole, out);
    } else {
      out.emplace_back(name, inner);
    }
  }
}

std::set<std::string> object_knobs() {
  RunConfig scratch;
  std::set<std::string> out;
  for (const Knob& knob : knobs(scratch)) {
    if (std::holds_alternative<std::map<std::string, double>*>(knob.target)) out.insert(knob.name);
  }
  return out;
}

/// Reads a file and what it includes, depth first.
class Includer {
 public:
  void add(const std::string& text, const std::string& path) {
    json tree = parse_strictly(text, path);
    if (!tree.is_object())
      throw Error(path + ": a config is one JSON object, {\"data\": {...}, ...}");
    ConfigFile file{.path = path, .text = text};
    chain_.push_back(path);
    for (const std::string& name : included(tree, file)) include(name, file);
    chain_.pop_back();
    // A run's config.json says where it came from; that is a record, not a setting.
    file.of_run = tree.contains("provenance") && tree["provenance"].is_object();
    if (file.of_run) {
      const json folder = tree["provenance"].value("folder", json());
      if (folder.is_string()) file.folder = folder.get<std::string>();
    }
    // Likewise how the data was read; the schema is for editors.
    for (const char* key : {"provenance", "read_as", "$schema", "include"}) tree.erase(key);
    if (tree.erase("sweep") > 0)
      file.sweep = nlohmann::ordered_json::parse(text, nullptr, true,
                                                 /*ignore_comments=*/true)["sweep"];
    flatten(tree, "", object_knobs_, file.assignments);
    std::set<std::string> names;
    for (const auto& [name, value] : file.assignments) {
      if (!names.insert(name).second)
        throw given_twice(path, name);  // as {"train": {"lr": 1}, "train.lr": 2}
    }
    files_.push_back(std::move(file));
  }

  std::vector<ConfigFile> files_;  // that were read

 private:
  static constexpr size_t kMostFiles = 256;  // those that include each other twice double

  static std::vector<std::string> included(const json& tree, const ConfigFile& file) {
    if (!tree.contains("include")) return {};
    const json& value = tree["include"];
    const bool is_list =
        value.is_array() && std::ranges::all_of(value, [](const json& v) { return v.is_string(); });
    if (!value.is_string() && !is_list)
      throw Error(file.place_of("include") +
                  ": 'include' must be a file's name or a list of them, not " + value.dump());
    if (value.is_string()) return {value.get<std::string>()};
    return value.get<std::vector<std::string>>();
  }

  void include(const std::string& name, const ConfigFile& from) {
    const std::string place = from.place_of("include");
    std::string expanded;
    try {
      expanded = expand_variables(name).text;
    } catch (const Error& e) {
      throw Error(place + ": 'include' " + e.what());
    }
    if (expanded.empty()) throw Error(place + ": 'include' names no file");
    const std::string path = (fs::path(from.path).parent_path() / expanded).string();
    refuse_circle(path, place);
    if (++included_ > kMostFiles)
      throw Error(place + ": more than " + std::to_string(kMostFiles) + " files are included");
    std::string text;
    try {
      text = read_file(path);
    } catch (const Error& e) {
      throw Error(place + ": 'include': " + e.what());
    }
    add(text, path);
  }

  void refuse_circle(const std::string& path, const std::string& place) const {
    const auto whole = [](const std::string& name) {
      std::error_code unknown;
      const fs::path out = fs::weakly_canonical(name, unknown);
      return unknown ? fs::path(name) : out;
    };
    const auto first = std::ranges::find(chain_, whole(path), whole);
    if (first == chain_.end()) return;
    std::string circle;
    for (auto at = first; at != chain_.end(); ++at) circle += *at + " -> ";
    throw Error(place + ": 'include' goes in a circle: " + circle + *first +
                "; take one of them out");
  }

  std::vector<std::string> chain_;  // of files that are being read
  std::set<std::string> object_knobs_ = object_knobs();
  size_t included_ = 0;
};

}  // namespace

std::string ConfigFile::place_of(const std::string& name) const {
  const size_t whole = text.find('"' + name + '"');  // a dotted key
  if (whole != std::string::npos) return path + ":" + std::to_string(line_of(text, whole));
  size_t at = 0;
  std::istringstream parts(name);
  for (std::string part; std::getline(parts, part, '.');) {
    const size_t found = text.find('"' + part + '"', at);
    if (found == std::string::npos) return path;
    at = found;
  }
  return path + ":" + std::to_string(line_of(text, at));
}

std::vector<ConfigFile> config_files(const std::string& text, const std::string& path) {
  Includer includer;
  includer.add(text, path);
  return std::move(includer.files_);
}

}  // namespace latent
