// A config and what --set says beside it, up to the trials of a sweep.
#include <string>
#include <vector>

#include "src/base/error.h"
#include "src/config/complaints.h"
#include "src/config/read.h"
#include "src/config/sweep_groups.h"
#include "src/config/sweep_spec.h"
#include "src/config/variables.h"
#include "src/config/write.h"
#include "tests/fuzz/targets.h"

namespace latent::fuzz {

namespace {

/// As `latent config show` writes it: text that would be a variable is none.
void escape(nlohmann::ordered_json& value) {
  if (value.is_string()) value = escape_variables(value.get<std::string>());
  if (value.is_structured()) {
    for (auto& inner : value) escape(inner);
  }
}

std::string text_of(const RunConfig& config) {
  auto tree = config_to_json(config);
  escape(tree);
  return tree.dump(1);
}

}  // namespace

/// Lines that begin with "--set " are such options, all else is the file.
std::string read_any_config(std::string_view bytes) {
  std::string file;
  std::vector<std::string> sets;
  for (size_t at = 0; at < bytes.size();) {
    const size_t end = std::min(bytes.find('\n', at), bytes.size());
    const std::string_view line = bytes.substr(at, end - at);
    if (line.starts_with("--set "))
      sets.emplace_back(line.substr(6));
    else
      file += std::string(line) + "\n";
    at = end + 1;
  }
  const ResolvedConfig lenient = resolve_with_complaints(file, "c.json", sets);
  std::string out;
  for (const std::string& line : complaints(lenient)) out += line + "\n";
  (void)config_table(lenient);
  const ResolvedConfig resolved = resolve_config(file, "c.json", sets);
  const std::string text = text_of(resolved.config);
  const ResolvedConfig again = resolve_config(text, "again.json", {});
  if (text_of(again.config) != text) throw Finding("a config that does not read back to itself");
  if (!resolved.sweep.is_null()) {
    const auto given = given_knobs(resolved);
    if (has_groups(resolved.sweep))
      check_sweep(given, resolved.sweep, "c.json");
    else
      out += std::to_string(plan_sweep(given, resolved.sweep, "c.json").trials.size());
  }
  return out + text;
}

}  // namespace latent::fuzz
