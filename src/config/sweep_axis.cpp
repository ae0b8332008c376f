#include "src/config/sweep_axis.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "src/base/edit_distance.h"
#include "src/base/error.h"
#include "src/config/knobs.h"

namespace latent {

namespace {

using nlohmann::json;

constexpr int64_t kMostPoints = 10000;

Error wrong(const std::string& knob, const std::string& what) {
  return Error("sweep.over: '" + knob + "' " + what);
}

/// Why `knob` is not to be swept over, or "".
std::string why_not_swept(const std::string& knob) {
  const auto is_any = [&](std::initializer_list<const char*> names) {
    return std::ranges::any_of(names, [&](const std::string name) {
      return name.ends_with('.') ? knob.starts_with(name) : knob == name;
    });
  };
  if (is_any({"data.weight", "data.cache_dir", "data.titles.", "data.rating_scale"})) return "";
  if (is_any({"data.", "split."}))
    return "changes the rows that trials are judged on, so they are not comparable; run a sweep "
           "for each of its values";
  if (is_any({"eval."}))
    return "changes what the metric measures, so trials are not comparable; choose it once, "
           "outside of sweep.over";
  if (is_any({"train.rows"}))
    return "would train on the test part, which no trial may see; leave it out";
  if (is_any({"train.seed"})) return "is not for tuning; sweep.seeds repeats the best trials";
  if (is_any({"train.refit"}))
    return "is not for tuning: the winner of a sweep is always fitted on train and valid";
  if (is_any({"train.threads", "train.device", "train.log_every", "checkpoint.", "dist.", "export.",
              "log."}))
    return "changes no result; choose it once, outside of sweep.over";
  return "";
}

Knob row_of(RunConfig& config, const std::string& knob) {
  std::vector<Knob> rows = knobs(config);
  const auto at = std::ranges::find(rows, knob, &Knob::name);
  if (at != rows.end()) return *at;
  std::vector<std::string> names;
  for (const Knob& row : rows) names.push_back(row.name);
  throw Error("sweep.over: unknown knob " + in_quotes(knob) + did_you_mean(knob, names));
}

/// `value` as the knob holds it: 8.0 is 8 to a whole number. Error for what it does not take.
json taken(const Knob& row, const json& value) {
  const std::string what = set_knob(row, value);
  if (!what.empty()) throw wrong(row.name, what);
  return knob_value(row);
}

json number(const SweepAxis& axis, double value) {
  if (axis.whole) return std::llround(value);
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return std::clamp(std::strtod(text, nullptr), axis.low, axis.high);
}

void read_range(const Knob& row, const json& range, SweepAxis& axis) {
  const json& ends = range.begin().value();
  if (!ends.is_array() || ends.size() != 2 || !ends[0].is_number() || !ends[1].is_number())
    throw wrong(row.name, "needs two numbers, as {\"" + range.begin().key() + "\": [low, high]}");
  axis.low = ends[0];
  axis.high = ends[1];
  if (axis.low > axis.high)
    throw wrong(row.name, "has an empty range, " + ends.dump() + "; give the lower end first");
  for (const json& end : ends) (void)taken(row, end);
  if (axis.kind != SweepAxis::Kind::kLinear && axis.low <= 0)
    throw wrong(row.name, "needs a range above 0 for " + range.begin().key() + ", not " +
                              ends.dump());
}

void read_powers(const Knob& row, SweepAxis& axis) {
  for (double power = std::exp2(std::ceil(std::log2(axis.low))); power <= axis.high; power *= 2)
    axis.values.push_back(taken(row, power));
  if (axis.values.empty())
    throw wrong(row.name, "has an empty range: no power of 2 lies in it");
}

}  // namespace

SweepAxis read_axis(const std::string& knob, const json& values) {
  RunConfig scratch;
  const Knob row = row_of(scratch, knob);
  const std::string why_not = why_not_swept(knob);
  if (!why_not.empty()) throw wrong(knob, why_not);
  SweepAxis axis;
  axis.knob = knob;
  axis.whole = std::holds_alternative<int64_t*>(row.target) ||
               std::holds_alternative<AutoCount*>(row.target);
  if (values.is_array()) {
    if (values.empty()) throw wrong(knob, "has an empty list; give the values to try");
    for (const json& value : values) {
      const json own = taken(row, value);
      if (std::ranges::count(axis.values, own) == 0) axis.values.push_back(own);
    }
    return axis;
  }
  const std::string forms =
      "needs a list of values, or one of {\"log\": [a, b]}, {\"linear\": [a, b]} and "
      "{\"pow2\": [a, b]}";
  if (!values.is_object()) throw wrong(knob, forms);
  json range = values;
  const json points = range.value("points", json());
  range.erase("points");
  if (range.size() != 1) throw wrong(knob, forms);
  const std::string& form = range.begin().key();
  if (form != "log" && form != "linear" && form != "pow2") throw wrong(knob, forms);
  const bool is_number = axis.whole || std::holds_alternative<double*>(row.target) ||
                         std::holds_alternative<std::optional<double>*>(row.target) ||
                         std::holds_alternative<AutoNumber*>(row.target);
  if (!is_number) throw wrong(knob, "is no number, so it has no range; give a list of values");
  axis.kind = form == "log"      ? SweepAxis::Kind::kLog
              : form == "linear" ? SweepAxis::Kind::kLinear
                                 : SweepAxis::Kind::kPowersOf2;
  read_range(row, range, axis);
  if (form == "pow2") read_powers(row, axis);
  if (points.is_null()) return axis;
  if (form == "pow2") throw wrong(knob, "takes no \"points\": a grid has each power of 2");
  if (!points.is_number_integer() || points < 2 || points > kMostPoints)
    throw wrong(knob, "needs \"points\" from 2 to " + std::to_string(kMostPoints) + ", not " +
                          points.dump());
  axis.points = points;
  return axis;
}

std::vector<json> grid_values(const SweepAxis& axis) {
  if (!axis.values.empty()) return axis.values;
  std::vector<json> out;
  for (int64_t n = 0; n < axis.points; ++n) {
    const double share = static_cast<double>(n) / static_cast<double>(axis.points - 1);
    const double value = axis.kind == SweepAxis::Kind::kLog
                             ? axis.low * std::pow(axis.high / axis.low, share)
                             : axis.low + (axis.high - axis.low) * share;
    const json own = number(axis, value);
    if (out.empty() || out.back() != own) out.push_back(own);
  }
  return out;
}

json drawn_value(const SweepAxis& axis, RandomStream stream) {
  if (!axis.values.empty())
    return axis.values[stream.below(static_cast<uint32_t>(axis.values.size()))];
  // A whole number's ends are as likely as the numbers between them.
  const double wider = axis.whole ? 0.5 : 0;
  const double low = axis.low - wider, high = axis.high + wider;
  const double share = stream.uniform();
  const double value = axis.kind == SweepAxis::Kind::kLog ? low * std::pow(high / low, share)
                                                         : low + (high - low) * share;
  return number(axis, std::clamp(value, axis.low, axis.high));
}

}  // namespace latent
