#include "src/report/metric_tables.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

namespace latent {

namespace {

using nlohmann::ordered_json;

std::string blanks(const std::string& text, size_t width) {
  return std::string(text.size() < width ? width - text.size() : 0, ' ');
}
std::string left(const std::string& text, size_t width) { return text + blanks(text, width); }
std::string right(const std::string& text, size_t width) { return blanks(text, width) + text; }

}  // namespace

std::string metric_table(const ordered_json& metrics) {
  std::vector<std::string> parts, names;
  for (const char* part : {"valid", "test"}) {
    if (!metrics.contains(part) || metrics[part].empty()) continue;
    parts.push_back(part);
    for (const auto& [name, value] : metrics[part].items()) {
      if (value.is_number() && name.rfind("popularity_", 0) != 0 &&
          name.rfind("warm_", 0) != 0 && std::ranges::find(names, name) == names.end())
        names.push_back(name);
    }
  }
  if (parts.empty()) return "";
  const auto figure = [&](const std::string& part, const std::string& name) -> std::string {
    if (!metrics[part].contains(name)) return "-";
    char text[32];
    const auto& value = metrics[part][name];
    std::snprintf(text, sizeof text, value.is_number_integer() ? "%.0f" : "%.4f",
                  value.get<double>());
    return text;
  };
  // A figure's companions, where there are any: of the popularity baseline, of warm pairs alone.
  std::vector<std::string> kinds;
  for (const char* kind : {"popularity", "warm"}) {
    const bool any = std::ranges::any_of(parts, [&](const std::string& part) {
      return metrics[part].dump().find("\"" + std::string(kind) + "_") != std::string::npos;
    });
    if (any) kinds.push_back(kind);
  }
  constexpr size_t kName = 16, kKind = 13;
  bool sampled = false;
  for (const std::string& part : parts) sampled = sampled || metrics[part].contains("sampled");
  const size_t width =  // "valid (leaked) / popularity" and a gap
      19 + (sampled ? 9 : 0) + kKind * kinds.size();
  std::string out = left("", kName);
  for (const std::string& part : parts) {
    const bool leaked = metrics[part].contains("leaked");
    std::string title = part;
    if (metrics[part].contains("sampled"))
      title += leaked ? " (leaked, sampled)" : " (sampled)";
    else if (leaked)
      title += " (leaked)";
    for (const std::string& kind : kinds) title += " / " + right(kind, 10);
    out += right(title, width);
  }
  out += "\n";
  for (const std::string& name : names) {
    out += left(name, kName);
    for (const std::string& part : parts) {
      std::string cell = figure(part, name);
      for (const std::string& kind : kinds) {
        const std::string companion = kind + "_" + name;
        cell += metrics[part].contains(companion) ? " / " + right(figure(part, companion), 10)
                                                  : std::string(kKind, ' ');
      }
      out += right(cell, width);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    out += "\n";
  }
  return out;
}

std::string crossval_table(const ordered_json& result) {
  const ordered_json& folds = result["folds"];
  size_t width = 14;
  for (const auto& [name, value] : result["mean"].items()) {
    if (!name.starts_with("warm_")) width = std::max(width, name.size() + 2);
  }
  const auto cell = [](const std::string& text) {
    return text.size() < 10 ? right(text, 10) : " " + text;
  };
  const auto figure = [&](const ordered_json& value) {
    char text[32];
    std::snprintf(text, sizeof text, value.is_number_integer() ? "%.0f" : "%.4f",
                  value.is_number() ? value.get<double>() : std::nan(""));
    return cell(text);
  };
  std::string out(width, ' ');
  for (size_t n = 0; n < folds.size(); ++n) out += cell("fold " + std::to_string(n + 1));
  out += cell("mean") + cell("sd") + "\n";
  for (const auto& [name, mean] : result["mean"].items()) {
    if (name.starts_with("warm_")) continue;
    out += left(name, width);
    for (const auto& fold : folds) out += figure(fold.value(name, ordered_json()));
    out += figure(mean) + figure(result["sd"][name]) + "\n";
  }
  return out;
}

}  // namespace latent
