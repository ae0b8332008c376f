#include "src/config/read.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "src/base/edit_distance.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/log.h"
#include "src/config/catalog.h"
#include "src/config/complaints.h"
#include "src/config/config_file.h"
#include "src/config/run_paths.h"
#include "src/config/variables.h"

namespace latent {

namespace {

using nlohmann::json;

/// Says `note` once in the life of the process: resuming reads a run's config twice.
void say_once(const std::string& note) {
  static std::set<std::string> said;
  if (said.insert(note).second) say(note);
}

/// Values of one origin; later levels win over earlier ones.
struct Level {
  std::string source;               // as ResolvedConfig::sources has it
  const ConfigFile* file = nullptr; // null: --set
  std::vector<Assignment> values;
};

class Resolver {
 public:
  Resolver(const std::vector<ConfigFile>& files, const std::vector<RetiredKnob>& retired)
      : files_(files), retired_(retired), rows_(knobs(result_.config)) {
    for (const Knob& knob : rows_) result_.sources[knob.name] = "default";
    for (size_t n = 0; n + 1 < files.size(); ++n) {
      if (std::ranges::count(result_.includes, files[n].path) == 0)
        result_.includes.push_back(files[n].path);
    }
  }

  ResolvedConfig resolve(const std::vector<std::string>& sets) {
    for (const ConfigFile& file : files_) levels_.push_back(level_of(file));
    levels_.push_back({.source = "--set", .values = parsed(sets)});
    // The model's name decides which defaults lie under the files, so it is looked up first.
    for (const Level& level : levels_) {
      for (const auto& [name, value] : level.values) {
        if (name == "model.name") (void)set_knob(*find(name), value);
      }
    }
    for (const auto& [name, value] : model().defaults) take_default(name, value);
    if (stops_by_default()) take_stopping_defaults();
    for (size_t n = 0; n < levels_.size(); ++n) apply(n);
    settle_length();
    settle_autos();
    start_paths();
    return std::move(result_);
  }

 private:
  const Knob* find(const std::string& name) const {
    const auto at = std::ranges::find(rows_, name, &Knob::name);
    return at == rows_.end() ? nullptr : &*at;
  }

  const ModelInfo& model() const { return model_info(result_.config.model.name); }

  void take_default(const std::string& name, const json& value) {
    if (!set_knob(*find(name), value).empty())
      throw std::logic_error("the catalog's default of " + name + " is not one");
    result_.sources[name] = "model";
    if (name == "train.lambda" && value.is_number()) penalty_ = value.get<double>();
  }

  /// The value that files or --set give, or null.
  json asked(const std::string& name) const {
    json out;
    for (const Level& level : levels_) {
      for (const auto& [knob, value] : level.values) {
        if (knob == name) out = value;
      }
    }
    return out;
  }

  /// Whether a validation part may say when to stop: nobody says how long to train, that nothing
  /// stops it, or that there is no such part.
  bool stops_by_default() const {
    return asked("train.steps").is_null() && asked("train.epochs").is_null() &&
           asked("train.patience") != 0 && asked("split.valid") != 0 &&
           asked("train.rows") != "all" && asked("train.exact") != true;
  }

  void take_stopping_defaults() {
    for (const auto& [name, value] : model().stopping) {
      // Its rankings would be asked for items that the second fit was trained on.
      if (name == "train.refit" && asked("eval.mask") == "train") continue;
      take_default(name, value);
    }
  }

  Level level_of(const ConfigFile& file) {
    Level out{.source = &file != &files_.back() ? "include" : file.of_run ? "run" : "file",
              .file = &file,
              .values = {}};
    for (const auto& [name, value] : file.assignments) {
      // A run's own values were resolved when it was written.
      if (file.of_run) {
        out.values.emplace_back(name, value);
      } else {
        expand(name, value, file.place_of(name), out.values);
      }
    }
    return out;
  }

  /// Appends the value with its variables put in, or complains.
  void expand(const std::string& name, const json& value, const std::string& place,
              std::vector<Assignment>& out) {
    try {
      out.emplace_back(name, expand_variables(find(name), value));
    } catch (const Error& e) {
      wrong(place, "'" + name + "' " + e.what());
      if (find(name) != nullptr) result_.sources[name] = "wrong";
    }
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
      expand(name, knob == nullptr ? json(value) : parse_set_value(*knob, value), "--set", out);
    }
    return out;
  }

  void apply(size_t n) {
    const auto& [source, file, values] = levels_[n];
    for (const auto& [name, value] : values) {
      if (value.is_object() && is_section(name)) continue;  // "train": {} says nothing
      const std::string place = file != nullptr ? file->place_of(name) : source;
      const Knob* const knob = find(name);
      if (knob == nullptr) {
        unknown(name, place, file);
        continue;
      }
      const std::string what = set_knob(*knob, value);
      if (!what.empty()) wrong(place, "'" + name + "' " + what);
      result_.sources[name] = what.empty() ? source : "wrong";
      if (what.empty()) level_[name] = n;
      if (file != nullptr) {
        result_.places[name] = place;
      } else {
        result_.places.erase(name);
      }
    }
  }

  void unknown(const std::string& name, const std::string& place, const ConfigFile* file) {
    const auto retired = std::ranges::find(retired_, name, &RetiredKnob::name);
    if (retired != retired_.end()) {
      const std::string text = in_quotes(name) + " is retired; " + retired->advice;
      if (file == nullptr || !file->of_run) return wrong(place, text);
      return say_once(file->path + ": passed over " + in_quotes(name) + ", which is retired");
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

  /// Whether a file or --set gives the knob a value that was taken.
  bool chosen(const std::string& name) const { return level_.contains(name); }

  /// Leaves exactly one of train.steps and train.epochs above 0. One from an included file gives
  /// way to the other one of a later level.
  void settle_length() {
    TrainOptions& train = result_.config.train;
    const std::string& file = files_.back().path;
    if (result_.config.model.name == "bayesian_mf") {  // of its own knobs' making
      train.epochs = result_.config.bayes.passes();
      train.steps = 0;
      return;
    }
    bool steps = chosen("train.steps") && train.steps > 0;
    bool epochs = chosen("train.epochs") && train.epochs > 0;
    if (steps && epochs) {
      const size_t of_steps = level_.at("train.steps"), of_epochs = level_.at("train.epochs");
      if (of_steps == of_epochs || levels_[std::min(of_steps, of_epochs)].source != "include")
        return wrong(file, "'train.steps' and 'train.epochs' are both given; keep one");
      (of_steps < of_epochs ? steps : epochs) = false;
    }
    if (steps) train.epochs = 0;
    if (epochs) train.steps = 0;
    if (train.steps > 0 && train.epochs > 0) {  // a model's default beside the general one
      (result_.sources["train.epochs"] == "model" ? train.steps : train.epochs) = 0;
    }
    if (train.steps == 0 && train.epochs == 0)
      wrong(file, "'train.steps' and 'train.epochs' are both 0; give one of them");
  }

  /// What follows from the rest. A solver's penalty has no other meaning of auto than its default.
  void settle_autos() {
    constexpr double kValid = 0.1;
    RunConfig& config = result_.config;
    config.split.valid_if_auto = config.train.patience > 0 ? kValid : 0;
    if (!config.train.lambda.value && model().trained != Trained::kByGradient)
      config.train.lambda = penalty_;
  }

  /// Relative paths of runs' own configs start where those runs did.
  void start_paths() {
    for (size_t n = 0; n < files_.size(); ++n) {
      std::set<std::string> names;
      for (const auto& [name, level] : level_) {
        if (level == n) names.insert(name);
      }
      start_paths_at(files_[n].folder, names, result_);
    }
  }

  const std::vector<ConfigFile>& files_;
  const std::vector<RetiredKnob>& retired_;
  std::vector<Level> levels_;            // of the files in their order, then of --set
  std::map<std::string, size_t> level_;  // that each knob's value is of
  double penalty_ = TrainOptions().lambda.value.value();  // by default
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
  const std::vector<ConfigFile> files = config_files(text, where);
  ResolvedConfig resolved = Resolver(files, retired).resolve(sets);
  for (const ConfigFile& file : files) {
    if (!file.sweep.is_null()) resolved.sweep = file.sweep;  // the last one's, whole
  }
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
