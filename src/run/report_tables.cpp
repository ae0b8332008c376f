// The tables of `latent report`: neighbours, differences of configs, provenance.
#include <algorithm>
#include <optional>

#include "src/config/knobs.h"
#include "src/config/read.h"
#include "src/config/readers.h"
#include "src/report/markup.h"
#include "src/run/report_parts.h"

namespace latent {

namespace {

std::string knob_text(const nlohmann::json& value) {
  if (value.is_null()) return "not set";
  if (value.is_string()) return value.get<std::string>();
  return value.dump();
}

constexpr const char* kUnread = "–";

/// The value of each knob, kUnread where the config does not make the program read it.
std::vector<std::string> knob_texts(RunConfig config) {
  std::vector<std::string> out;
  for (const Knob& knob : knobs(config))
    out.push_back(why_unread(knob.name, config).empty() ? knob_text(knob_value(knob)) : kUnread);
  return out;
}

/// Those of the model's defaults, for the knobs that `read` has values of.
std::vector<std::string> default_texts(const std::string& model,
                                       const std::vector<std::string>& read) {
  RunConfig config = read_config("", {"model.name=" + model}).config;
  std::vector<std::string> out;
  for (const Knob& knob : knobs(config))
    out.push_back(read[out.size()] == kUnread ? kUnread : knob_text(knob_value(knob)));
  return out;
}

}  // namespace

Section neighbours_section(ReportedRuns runs) {
  Section out{.heading = "Neighbours of well-known items", .parts = {}};
  for (const ReportedRun& run : charted(runs)) {
    if (run.model.neighbours.empty()) continue;
    DataTable table{
        .caption = run.name +
                   ": the items with most training rows, and the five nearest to "
                   "each by the cosine of the factors",
        .columns = {"item", "training rows", "nearest", "second", "third", "fourth", "fifth"}};
    for (const ItemNeighbours& item : run.model.neighbours) {
      std::vector<std::string> row = {item.name, whole_text(item.rows)};
      for (const auto& [name, cosine] : item.others) {
        char text[32];
        std::snprintf(text, sizeof text, " (%.2f)", cosine);
        row.push_back(shortened(name, 40) + text);
      }
      row.resize(table.columns.size());
      table.rows.push_back(std::move(row));
    }
    if (runs.size() > 1) out.parts.push_back(Subheading{run.name});
    out.parts.push_back(std::move(table));
  }
  return out;
}

Section differences_section(ReportedRuns runs) {
  Section out{.heading = "Configs", .parts = {}};
  const bool alone = runs.size() == 1;
  DataTable table{.caption = alone ? "Knobs that differ from the defaults of the model"
                                   : "Knobs that differ between the runs, – where one is not read",
                  .columns = {"knob"}};
  std::vector<std::vector<std::string>> values;
  for (const ReportedRun& run : runs) {
    table.columns.push_back(run.name);
    values.push_back(knob_texts(run.config));
  }
  if (alone) {
    table.columns.push_back("default");
    values.push_back(default_texts(runs.front().config.model.name, values.front()));
  }
  RunConfig scratch;
  const std::vector<Knob> names = knobs(scratch);
  for (size_t n = 0; n < names.size(); ++n) {
    std::vector<std::string> row = {names[n].name};
    for (const auto& of_run : values) row.push_back(of_run[n]);
    const bool same = std::ranges::all_of(row.begin() + 1, row.end(),
                                          [&](const auto& text) { return text == row[1]; });
    if (!same) table.rows.push_back(std::move(row));
  }
  if (table.rows.empty()) {
    out.parts.push_back(alone ? "All knobs have their defaults." : "The runs have the same knobs.");
  } else {
    out.parts.push_back(std::move(table));
  }
  return out;
}

Section provenance_section(ReportedRuns runs) {
  Section out{.heading = "Provenance", .parts = {}};
  DataTable table{
      .caption = "Where each run came from",
      .columns = {"run", "model", "program", "commit", "LibTorch", "when (UTC)", "seed",
                  "split seed", "device", "data", "CRC-32 of the data", "CRC-32 of the ids",
                  "users", "items", "pairs of the test part", "state"}};
  for (const ReportedRun& run : runs) {
    const auto told = [&](const char* key) {
      const auto at = run.provenance.find(key);
      if (at == run.provenance.end()) return std::string("–");
      return at->is_string() ? at->get<std::string>() : at->dump();
    };
    table.rows.push_back(
        {run.name, run.config.model.name, told("program"), told("commit"), told("torch"), run.when,
         told("seed"), std::to_string(run.config.split.seed), told("device"), run.config.data.path,
         told("data_crc32"), told("ids_crc32"), told("users"), told("items"), told("test_pairs"),
         run.unfinished ? "not finished, at step " + std::to_string(*run.unfinished) : "finished"});
  }
  out.parts.push_back(std::move(table));
  return out;
}

}  // namespace latent
