// The table of knobs: one row for each setting, from which reading, checks, help and the reference
// follow.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "src/config/options.h"

namespace latent {

using KnobTarget = std::variant<bool*, int64_t*, double*, std::string*, std::optional<double>*,
                                AutoNumber*, AutoCount*, std::vector<int64_t>*,
                                std::vector<double>*, std::vector<std::string>*,
                                std::map<std::string, double>*>;

/// What values a knob takes: a test on the parsed JSON value, and its wording for errors and help.
struct KnobRange {
  std::function<bool(const nlohmann::json&)> accepts;
  std::string text;
  /// What of it a JSON Schema can say: {"exclusiveMinimum": 0}; of a list as a whole.
  nlohmann::json schema = nlohmann::json::object();
};

struct Knob {
  std::string name;  ///< "train.lr"
  KnobTarget target;
  std::string help;
  KnobRange range;
};

/// One row per knob, pointing into `config`; the order is that of help and of saved files.
std::vector<Knob> knobs(RunConfig& config);

/// Whether the value names a column: a whole number is one too.
bool takes_column(const Knob& knob);

/// Whether the knob is a point in time, for which a number of seconds does as well.
bool takes_moment(const Knob& knob);

/// Whether true and false do as well as the words "true" and "false".
bool takes_switch(const Knob& knob);

/// The present value as JSON (null: an unset optional).
nlohmann::json knob_value(const Knob& knob);

/// Stores `value`, or returns what is wrong with it: "must be a number above 0, not -1".
std::string set_knob(const Knob& knob, const nlohmann::json& value);

/// The JSON value that `text` of `--set name=text` stands for: names need no quotes.
nlohmann::json parse_set_value(const Knob& knob, const std::string& text);

}  // namespace latent
