#include "src/config/diff.h"

#include <algorithm>

#include "src/config/knobs.h"

namespace latent {

std::vector<KnobDifference> config_diff(const RunConfig& a, const RunConfig& b) {
  RunConfig first = a, second = b;
  const std::vector<Knob> one = knobs(first), other = knobs(second);
  std::vector<KnobDifference> out;
  for (size_t n = 0; n < one.size(); ++n) {
    const nlohmann::json was = knob_value(one[n]), is = knob_value(other[n]);
    if (was != is) out.push_back({one[n].name, was, is});
  }
  return out;
}

std::string diff_table(const std::vector<KnobDifference>& differences) {
  size_t name_width = 0, value_width = 0;
  for (const auto& [knob, a, b] : differences) {
    name_width = std::max(name_width, knob.size());
    value_width = std::max(value_width, a.dump().size());
  }
  std::string out;
  for (const auto& [knob, a, b] : differences) {
    std::string name = knob, value = a.dump();
    name.resize(name_width, ' ');
    value.resize(value_width, ' ');
    out += name + "  " + value + "  " + b.dump() + "\n";
  }
  return out;
}

}  // namespace latent
