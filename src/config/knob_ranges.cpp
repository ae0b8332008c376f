#include "src/config/knob_ranges.h"

#include "src/base/times.h"
#include "src/config/data_values.h"

namespace latent::knob_range {

using nlohmann::json;

namespace {

std::string shortest(double v) { return json(v).dump(); }

}  // namespace

KnobRange any() { return {nullptr, ""}; }

KnobRange above(double low) {
  return {[=](const json& v) { return v.get<double>() > low; }, "above " + shortest(low),
          {{"exclusiveMinimum", low}}};
}

KnobRange at_least(double low) {
  return {[=](const json& v) { return v.get<double>() >= low; }, "at least " + shortest(low),
          {{"minimum", low}}};
}

KnobRange number_or_auto() {
  // The schema adds the word.
  return {[](const json& v) { return v == "auto" || v.get<double>() >= 0; },
          "auto, or a number of at least 0", {{"minimum", 0}}};
}

KnobRange above_or_auto(double low) {
  return {[=](const json& v) { return v == "auto" || v.get<double>() > low; },
          "auto, or a number above " + shortest(low), {{"exclusiveMinimum", low}}};
}

KnobRange count_or_auto() {
  return {[](const json& v) {
            return v == "auto" || (v.get<int64_t>() >= 1 && v.get<int64_t>() <= INT32_MAX);
          },
          "auto, or from 1 to " + std::to_string(INT32_MAX),
          {{"minimum", 1}, {"maximum", INT32_MAX}}};
}

KnobRange share_or_auto() {
  return {[](const json& v) { return v == "auto" || (v >= 0 && v < 1); },
          "auto, or from 0 to below 1", {{"minimum", 0}, {"exclusiveMaximum", 1}}};
}

KnobRange between(int64_t low, int64_t high) {
  return {[=](const json& v) { return v.get<int64_t>() >= low && v.get<int64_t>() <= high; },
          "from " + std::to_string(low) + " to " + std::to_string(high),
          {{"minimum", low}, {"maximum", high}}};
}

// Ids and counts are int32 inside: a larger value could only overflow.
KnobRange count_from(int64_t low) { return between(low, INT32_MAX); }

KnobRange threads() {
  return {[](const json& v) { return v.get<int64_t>() >= 0 && v.get<int64_t>() <= 1024; },
          "from 0 to 1024",
          {{"minimum", 0}, {"maximum", 1024}}};
}

KnobRange share() {
  return {[](const json& v) { return v.get<double>() >= 0 && v.get<double>() < 1; },
          "from 0 to below 1",
          {{"minimum", 0}, {"exclusiveMaximum", 1}}};
}

KnobRange share_or_all() {
  return {[](const json& v) { return v.get<double>() >= 0 && v.get<double>() <= 1; },
          "from 0 to 1",
          {{"minimum", 0}, {"maximum", 1}}};
}

KnobRange one_of(std::vector<std::string> names) {
  std::string text = "one of";
  for (const std::string& name : names) text += " " + name;
  const json schema = {{"enum", names}};
  return {[names = std::move(names)](const json& v) {
            for (const std::string& name : names) {
              if (v == name) return true;
            }
            return false;
          },
          text, schema};
}

KnobRange cut_offs() {
  return {[](const json& v) {
            for (const json& k : v) {
              if (k.get<int64_t>() < 1 || k.get<int64_t>() > INT32_MAX) return false;
            }
            return !v.empty();
          },
          "a list of cut-offs of at least 1",
          {{"minItems", 1}, {"items", {{"type", "integer"}, {"minimum", 1}}}}};
}

KnobRange scale() {
  return {[](const json& v) {
            return v.empty() || (v.size() == 2 && v[0].get<double>() < v[1].get<double>());
          },
          "[lowest, highest], or null",
          {{"maxItems", 2}}};
}

KnobRange separator() {
  return {is_separator, "auto, or the text between two columns",
          {{"pattern", "^[^\"\r\n]+$"}}};
}

KnobRange conditions() {
  return {are_conditions, "a list of column=value or column=value|value",
          {{"items", {{"type", "string"}, {"pattern", "^[^=]+=|\\$\\{"}}}}};
}

KnobRange moment() {
  return {[](const json& v) {
            const auto& text = v.get_ref<const std::string&>();
            return text.empty() || time_of(text).has_value();
          },
          "a date (2015-12-09), a time (2015-12-09T09:23:58Z) or seconds since 1970"};
}

KnobRange folds() {
  return {[](const json& v) { return v.get<int64_t>() >= 2 && v.get<int64_t>() <= INT32_MAX; },
          "at least 2",
          {{"minimum", 2}}};
}

KnobRange device() {
  return {[](const json& v) {
            const auto& s = v.get_ref<const std::string&>();
            if (s == "auto" || s == "cpu" || s == "cuda") return true;
            return s.rfind("cuda:", 0) == 0 && s.size() > 5 && s.size() < 8 &&
                   s.find_first_not_of("0123456789", 5) == std::string::npos;
          },
          "one of auto cpu cuda cuda:N",
          {{"pattern", "^(auto|cpu|cuda(:[0-9]{1,2})?)$"}}};
}

}  // namespace latent::knob_range

namespace latent {

bool takes_moment(const Knob& knob) {
  return knob.name == "split.test_from" || knob.name == "split.valid_from";
}

bool takes_switch(const Knob& knob) {
  return knob.name == "data.header" || knob.name == "train.negatives_shared";
}

bool takes_column(const Knob& knob) {
  return knob.name == "data.user" || knob.name == "data.item" || knob.name == "data.rating" ||
         knob.name == "data.time" || knob.name == "data.titles.id" ||
         knob.name == "data.titles.title";
}

}  // namespace latent
