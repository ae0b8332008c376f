#include "src/config/sweep_groups.h"

#include <algorithm>
#include <set>

#include "src/base/error.h"
#include "src/config/complaints.h"
#include "src/config/readers.h"

namespace latent {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

/// The values of the knob `per`, checked.
std::vector<json> values_of(const ordered_json& section, std::string& per) {
  if (!section["per"].is_string())
    throw Error("sweep.per must be the name of a knob, not " + section["per"].dump());
  per = section["per"];
  const ordered_json over = section.value("over", ordered_json());
  if (!over.is_object() || !over.contains(per) || !over[per].is_array())
    throw Error("sweep.per = " + in_quotes(per) + " needs the knob's list of values in sweep.over");
  return read_axis(per, over[per]).values;
}

std::string name_of(const json& value) {
  std::string name = value.is_string() ? value.get<std::string>() : value.dump();
  std::ranges::replace_if(
      name, [](const char c) { return c == '/' || c == '\0'; }, '-');
  return name;
}

bool of_rows(const std::string& knob) {
  return knob.starts_with("data.") || knob.starts_with("split.");
}

/// Makes the groups, and keeps account of the knobs that some group reads.
class GroupMaker {
 public:
  GroupMaker(const ordered_json& given, const ordered_json& section, const std::string& where,
             std::string per)
      : given_(given), section_(section), where_(where), per_(std::move(per)) {}

  SweepGroup make(const json& value) {
    SweepGroup group{name_of(value), ordered_json::object(), section_};
    ordered_json whole = given_;
    whole[per_] = value;
    const ResolvedConfig resolved = resolve_with_complaints(whole.dump(), where_, {});
    refuse(resolved.wrong);
    for (const auto& [knob, own] : whole.items()) {
      if (of_rows(knob) || is_read(knob, resolved.config)) group.given[knob] = own;
    }
    ordered_json over = ordered_json::object();
    for (const auto& [knob, values] : section_["over"].items()) {
      if (knob == per_) {
        over[knob] = json::array({value});
      } else if (is_read(knob, resolved.config)) {
        over[knob] = values;
      }
    }
    group.section["over"] = over;
    group.section.erase("per");
    return group;
  }

  void require_readers() const {
    for (const auto& [knob, value] : given_.items()) {
      if (!of_rows(knob) && knob != per_ && !read_.contains(knob))
        throw Error(knob + " is read for no value of " + per_ + "; leave it out");
    }
    for (const auto& [knob, values] : section_["over"].items()) {
      if (knob != per_ && !read_.contains(knob))
        throw Error("sweep.over: no value of " + per_ + " reads '" + knob + "'; leave it out");
    }
  }

 private:
  bool is_read(const std::string& knob, const RunConfig& config) {
    RunConfig copy = config;
    const std::vector<Knob> rows = knobs(copy);
    // What is no knob is told of when the group's section is read.
    const bool known = std::ranges::find(rows, knob, &Knob::name) != rows.end();
    if (known && !why_unread(knob, config).empty()) return false;
    read_.insert(knob);
    return true;
  }

  const ordered_json& given_;
  const ordered_json& section_;
  const std::string& where_;
  const std::string per_;
  std::set<std::string> read_;
};

}  // namespace

bool has_groups(const ordered_json& section) {
  return section.is_object() && section.contains("per");
}

std::vector<SweepGroup> sweep_groups(const ordered_json& given, const ordered_json& section,
                                     const std::string& where) {
  std::string per;
  const std::vector<json> values = values_of(section, per);
  GroupMaker maker(given, section, where, per);
  std::vector<SweepGroup> groups;
  for (const json& value : values) groups.push_back(maker.make(value));
  maker.require_readers();
  std::string metric;
  for (SweepGroup& group : groups) {
    const std::string own = plan_sweep(group.given, group.section, where).spec.metric;
    if (!metric.empty() && metric != own)
      throw Error("sweep.metric is " + metric + " for " + groups.front().name + " and " + own +
                  " for " + group.name + "; name one that all have");
    metric = own;
    group.section.erase("report");  // that is for all of them together
  }
  return groups;
}

void check_sweep(const ordered_json& given, const ordered_json& section,
                 const std::string& where) {
  if (has_groups(section)) {
    sweep_groups(given, section, where);
  } else {
    plan_sweep(given, section, where);
  }
}

}  // namespace latent
