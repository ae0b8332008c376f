#include "src/config/read.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "src/base/edit_distance.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/log.h"
#include "src/config/catalog.h"
#include "src/config/complaints.h"
#include "src/config/run_paths.h"

namespace latent {

namespace {

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
  const auto check = [&](int, json::parse_event_t event, json& value) {
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

/// "where:line" of the key `name` (dotted) in `text`, or `where` when it is not found there.
std::string place_of(const std::string& name, const std::string& text, const std::string& where) {
  const size_t whole = text.find('"' + name + '"');  // a dotted key
  if (whole != std::string::npos) return where + ":" + std::to_string(line_of(text, whole));
  size_t at = 0;
  std::istringstream parts(name);
  for (std::string part; std::getline(parts, part, '.');) {
    const size_t found = text.find('"' + part + '"', at);
    if (found == std::string::npos) return where;
    at = found;
  }
  return where + ":" + std::to_string(line_of(text, at));
}

using Assignment = std::pair<std::string, json>;

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

/// Says `note` once in the life of the process: resuming reads a run's config twice.
void say_once(const std::string& note) {
  static std::set<std::string> said;
  if (said.insert(note).second) say(note);
}

class Resolver {
 public:
  Resolver(std::string text, std::string where, bool of_run,
           const std::vector<RetiredKnob>& retired)
      : text_(std::move(text)),
        file_(std::move(where)),
        file_source_(of_run ? "run" : "file"),
        retired_(retired),
        rows_(knobs(result_.config)) {
    for (const Knob& knob : rows_) result_.sources[knob.name] = "default";
  }

  /// Knobs whose value is itself an object.
  std::set<std::string> object_knobs() const {
    std::set<std::string> out;
    for (const Knob& knob : rows_) {
      if (std::holds_alternative<std::map<std::string, double>*>(knob.target))
        out.insert(knob.name);
    }
    return out;
  }

  ResolvedConfig resolve(const std::vector<Assignment>& file,
                         const std::vector<std::string>& sets) {
    const std::vector<Assignment> given = parsed(sets);
    // The model's name decides which defaults lie under the file, so it is looked up first.
    for (const auto* level : {&file, &given}) {
      for (const auto& [name, value] : *level) {
        if (name == "model.name") (void)set_knob(*find(name), value);
      }
    }
    for (const auto& [name, value] : model_info(result_.config.model.name).defaults) {
      if (!set_knob(*find(name), value).empty())
        throw std::logic_error("the catalog's default of " + name + " is not one");
      result_.sources[name] = "model";
    }
    apply(file, file_source_);
    apply(given, "--set");
    settle_length();
    return std::move(result_);
  }

 private:
  const Knob* find(const std::string& name) const {
    const auto at = std::ranges::find(rows_, name, &Knob::name);
    return at == rows_.end() ? nullptr : &*at;
  }

  /// `sets` as keys and values; text where the key is no knob.
  std::vector<Assignment> parsed(const std::vector<std::string>& sets) {
    std::vector<Assignment> out;
    for (const std::string& set : sets) {
      const size_t equals = set.find('=');
      if (equals == std::string::npos || equals == 0)
        throw UsageError("--set takes key=value, not " + in_quotes(set));
      const std::string name = set.substr(0, equals);
      try {
        (void)json(set).dump();
      } catch (const json::exception&) {  // could not be written into the run's config.json
        wrong("--set " + in_quotes(name), "the value is not valid UTF-8");
        continue;
      }
      const Knob* const knob = find(name);
      const std::string value = set.substr(equals + 1);
      out.emplace_back(name, knob == nullptr ? json(value) : parse_set_value(*knob, value));
    }
    return out;
  }

  void apply(const std::vector<Assignment>& assignments, const std::string& source) {
    const bool of_file = source != "--set";
    for (const auto& [name, value] : assignments) {
      if (value.is_object() && is_section(name)) continue;  // "train": {} says nothing
      const std::string place = of_file ? place_of(name, text_, file_) : source;
      const Knob* const knob = find(name);
      if (knob == nullptr) {
        unknown(name, place, source);
        continue;
      }
      const std::string what = set_knob(*knob, value);
      if (!what.empty()) wrong(place, "'" + name + "' " + what);
      result_.sources[name] = what.empty() ? source : "wrong";
      if (of_file) {
        result_.places[name] = place;
      } else {
        result_.places.erase(name);
      }
    }
  }

  void unknown(const std::string& name, const std::string& place, const std::string& source) {
    const auto retired = std::ranges::find(retired_, name, &RetiredKnob::name);
    if (retired != retired_.end()) {
      const std::string text = in_quotes(name) + " is retired; " + retired->advice;
      if (source != "run") return wrong(place, text);
      return say_once(file_ + ": passed over " + in_quotes(name) + ", which is retired");
    }
    std::vector<std::string> names;
    for (const Knob& knob : rows_) names.push_back(knob.name);
    wrong(place, "unknown key " + in_quotes(name) + did_you_mean(name, names));
  }

  void wrong(const std::string& place, const std::string& what) {
    result_.wrong.push_back(place + ": " + what);
  }

  bool is_section(const std::string& name) const {
    return std::any_of(rows_.begin(), rows_.end(),
                       [&](const Knob& knob) { return knob.name.rfind(name + ".", 0) == 0; });
  }

  bool chosen(const std::string& name) const {
    const std::string& source = result_.sources.at(name);
    return source == file_source_ || source == "--set";
  }

  /// Leaves exactly one of train.steps and train.epochs above 0.
  void settle_length() {
    TrainOptions& train = result_.config.train;
    const bool steps = chosen("train.steps") && train.steps > 0;
    const bool epochs = chosen("train.epochs") && train.epochs > 0;
    if (steps && epochs)
      return wrong(file_, "'train.steps' and 'train.epochs' are both given; keep one");
    if (steps) train.epochs = 0;
    if (epochs) train.steps = 0;
    if (train.steps > 0 && train.epochs > 0) {  // a model's default beside the general one
      (result_.sources["train.epochs"] == "model" ? train.steps : train.epochs) = 0;
    }
    if (train.steps == 0 && train.epochs == 0)
      wrong(file_, "'train.steps' and 'train.epochs' are both 0; give one of them");
  }

  std::string text_, file_;  // of the config file
  std::string file_source_;
  const std::vector<RetiredKnob>& retired_;
  ResolvedConfig result_;
  std::vector<Knob> rows_;
};

}  // namespace

const std::vector<RetiredKnob>& retired_knobs() {
  static const std::vector<RetiredKnob> rows = {
      {"train.deterministic", "leave it out: every model's weights are the same for any threads"},
  };
  return rows;
}

bool is_given(const std::string& source) { return source == "file" || source == "--set"; }

ResolvedConfig resolve_with_complaints(const std::string& text, const std::string& where,
                                       const std::vector<std::string>& sets,
                                       const std::vector<RetiredKnob>& retired) {
  json tree = parse_strictly(text, where);
  if (!tree.is_object())
    throw Error(where + ": a config is one JSON object, {\"data\": {...}, ...}");
  // A run's config.json says where it came from; that is a record, not a setting.
  const bool of_run = tree.contains("provenance") && tree["provenance"].is_object();
  const json folder = of_run ? tree["provenance"].value("folder", json()) : json();
  tree.erase("provenance");
  tree.erase("read_as");  // likewise how the data was read
  // For `latent sweep` alone, and in the order in which it is written.
  nlohmann::ordered_json sweep;
  if (tree.erase("sweep") > 0)
    sweep = nlohmann::ordered_json::parse(text, nullptr, true, /*ignore_comments=*/true)["sweep"];
  Resolver resolver(text, where, of_run, retired);
  std::vector<Assignment> file;
  flatten(tree, "", resolver.object_knobs(), file);
  std::set<std::string> names;
  for (const auto& [name, value] : file) {
    if (!names.insert(name).second)
      throw given_twice(where, name);  // as {"train": {"lr": 1}, "train.lr": 2}
  }
  ResolvedConfig resolved = resolver.resolve(file, sets);
  resolved.sweep = std::move(sweep);
  if (folder.is_string()) start_paths_at(folder.get<std::string>(), resolved);
  return resolved;
}

ResolvedConfig resolve_config(const std::string& text, const std::string& where,
                              const std::vector<std::string>& sets,
                              const std::vector<RetiredKnob>& retired) {
  ResolvedConfig resolved = resolve_with_complaints(text, where, sets, retired);
  refuse(resolved.wrong);
  return resolved;
}

ResolvedConfig read_with_complaints(const std::string& path,
                                    const std::vector<std::string>& sets) {
  return path.empty() ? resolve_with_complaints("{}", "config", sets)
                      : resolve_with_complaints(read_file(path), path, sets);
}

ResolvedConfig read_config(const std::string& path, const std::vector<std::string>& sets) {
  ResolvedConfig resolved = read_with_complaints(path, sets);
  refuse(resolved.wrong);
  return resolved;
}

}  // namespace latent
