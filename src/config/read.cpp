#include "src/config/read.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "src/base/edit_distance.h"
#include "src/base/error.h"
#include "src/base/file.h"

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

class Resolver {
 public:
  Resolver(const ModelDefaultsOf& defaults_of, std::string text, std::string where)
      : defaults_of_(defaults_of),
        text_(std::move(text)),
        file_(std::move(where)),
        rows_(knobs(result_.config)) {}

  const Knob& row(const std::string& name, const std::string& where) const {
    std::vector<std::string> names;
    for (const Knob& knob : rows_) {
      if (knob.name == name) return knob;
      names.push_back(knob.name);
    }
    throw Error(place(name, where) + ": unknown key " + in_quotes(name) +
                did_you_mean(name, names));
  }

  std::set<std::string> object_knobs() const {
    std::set<std::string> out;
    for (const Knob& knob : rows_) {
      if (std::holds_alternative<std::map<std::string, double>*>(knob.target))
        out.insert(knob.name);
    }
    return out;
  }

  void apply(const std::vector<Assignment>& assignments, const std::string& where,
             const std::string& source) {
    for (const auto& [name, value] : assignments) {
      if (value.is_object() && is_section(name)) continue;  // "train": {} says nothing
      const std::string wrong = set_knob(row(name, where), value);
      if (!wrong.empty()) throw Error(place(name, where) + ": '" + name + "' " + wrong);
      result_.sources[name] = source;
    }
  }

  ResolvedConfig resolve(const std::vector<Assignment>& file, const std::string& where,
                         const std::vector<Assignment>& sets) {
    for (const Knob& knob : rows_) result_.sources[knob.name] = "default";
    // The model's name decides which defaults lie under the file, so it is looked up first.
    std::string model = result_.config.model.name;
    for (const auto* level : {&file, &sets}) {
      for (const auto& [name, value] : *level) {
        if (name != "model.name") continue;
        apply({{name, value}}, level == &file ? where : "--set", level == &file ? "file" : "--set");
        model = result_.config.model.name;
      }
    }
    apply(defaults_of_(model), "defaults of " + model, "model");
    apply(file, where, "file");
    apply(sets, "--set", "--set");
    settle_length(where);
    return result_;
  }

 private:
  /// With its line where `where` is the config file.
  std::string place(const std::string& name, const std::string& where) const {
    return where == file_ ? place_of(name, text_, file_) : where;
  }

  bool is_section(const std::string& name) const {
    return std::any_of(rows_.begin(), rows_.end(),
                       [&](const Knob& knob) { return knob.name.rfind(name + ".", 0) == 0; });
  }

  bool given(const std::string& name) const {
    const std::string& source = result_.sources.at(name);
    return source == "file" || source == "--set";
  }

  /// Leaves exactly one of train.steps and train.epochs above 0.
  void settle_length(const std::string& where) {
    TrainOptions& train = result_.config.train;
    const bool steps = given("train.steps") && train.steps > 0;
    const bool epochs = given("train.epochs") && train.epochs > 0;
    if (steps && epochs)
      throw Error(where + ": 'train.steps' and 'train.epochs' are both given; keep one");
    if (steps) train.epochs = 0;
    if (epochs) train.steps = 0;
    if (train.steps > 0 && train.epochs > 0) {  // a model's default beside the general one
      (result_.sources["train.epochs"] == "model" ? train.steps : train.epochs) = 0;
    }
    if (train.steps == 0 && train.epochs == 0) {
      throw Error(where + ": 'train.steps' and 'train.epochs' are both 0; give one of them");
    }
  }

  const ModelDefaultsOf& defaults_of_;
  std::string text_, file_;  // of the config file
  ResolvedConfig result_;
  std::vector<Knob> rows_;
};

}  // namespace

ResolvedConfig resolve_config(const std::string& text, const std::string& where,
                              const std::vector<std::string>& sets,
                              const ModelDefaultsOf& defaults_of) {
  json tree = parse_strictly(text, where);
  if (!tree.is_object())
    throw Error(where + ": a config is one JSON object, {\"data\": {...}, ...}");
  // A run's config.json says where it came from; that is a record, not a setting.
  tree.erase("provenance");
  tree.erase("read_as");  // likewise how the data was read
  std::vector<Assignment> file, given;
  Resolver resolver(defaults_of, text, where);
  flatten(tree, "", resolver.object_knobs(), file);
  std::set<std::string> names;
  for (const auto& [name, value] : file) {
    if (!names.insert(name).second)
      throw given_twice(where, name);  // as {"train": {"lr": 1}, "train.lr": 2}
  }
  for (const std::string& set : sets) {
    const size_t equals = set.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw UsageError("--set takes key=value, not " + in_quotes(set));
    }
    const std::string name = set.substr(0, equals);
    try {
      (void)json(set).dump();
    } catch (const json::exception&) {  // what is not UTF-8 could not be written into the run's
                                        // config.json
      throw Error("--set " + in_quotes(name) + ": the value is not valid UTF-8");
    }
    given.emplace_back(name, parse_set_value(resolver.row(name, "--set"), set.substr(equals + 1)));
  }
  return resolver.resolve(file, where, given);
}

ResolvedConfig read_config(const std::string& path, const std::vector<std::string>& sets,
                           const ModelDefaultsOf& defaults_of) {
  return path.empty() ? resolve_config("{}", "config", sets, defaults_of)
                      : resolve_config(read_file(path), path, sets, defaults_of);
}

}  // namespace latent
