// What `latent report` knows of one run: its files, and figures of its model on the test part.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/config/options.h"
#include "src/metrics/count_groups.h"
#include "src/metrics/prediction_spread.h"
#include "src/run/run_directory.h"

namespace latent {

struct LoggedValue {
  double step, value;
  bool best = false;
};

/// The curves of log.jsonl, thinned to a few hundred points.
struct RunLog {
  std::string metric;  ///< of the validation part ("ndcg@10"); empty: it was not looked at
  std::vector<LoggedValue> objective, refit_objective, valid;
};

/// Reads them; lines that a kill cut off are passed over. Without a file all are empty.
RunLog read_log(const RunDirectory& run);

/// A figure of held-out rows by the training rows of their item or user.
struct GroupedFigure {
  std::vector<CountGroups::Group> groups;
  std::vector<int64_t> rows;             ///< held-out rows (or users) in each group
  std::vector<double> values, baseline;  ///< NaN where a group has none
};

/// An item with what people call it.
struct NamedItem {
  std::string name;
  int32_t rows = 0;  ///< training rows
};

struct ItemDot : NamedItem {
  double x = 0, y = 0;
};

struct ItemNeighbours : NamedItem {
  std::vector<std::pair<std::string, float>> others;  ///< with their cosine, best first
};

/// The tested weights on the test part. What a model or a part does not have is empty.
struct ModelFigures {
  std::vector<PredictionSpread> spreads;       // of ratings
  GroupedFigure error_by_item, error_by_user;  // root mean squared errors
  GroupedFigure found_by_item;                 // share of held-out items in the top ten
  GroupedFigure found_by_user;                 // hit@10
  /// (n, share of the held-out items among the first n), and of items by popularity.
  std::vector<std::pair<int64_t, double>> places, popularity_places;
  int64_t ranked_users = 0, held_out_users = 0;  ///< rankings are of some of the users where many
  std::vector<ItemDot> map;                      ///< the items with most rows, the most first
  std::array<double, 2> map_shares{};            ///< of PrincipalAxes
  std::vector<ItemNeighbours> neighbours;
};

struct ReportedRun {
  std::string name;  ///< as the report calls it
  std::string path, when;
  RunConfig config;
  nlohmann::json provenance;
  nlohmann::ordered_json metrics = nlohmann::ordered_json::object();  ///< empty: not finished
  std::optional<int64_t> unfinished;                                  ///< the step reached
  RunLog log;
  ModelFigures model;
  std::string left_out;  ///< why `model` is empty; "": it is not
};

/// Reads a run. Throws Error where it is none or damaged; data or weights that are missing or have
/// changed are no error: they say so in `left_out`.
ReportedRun read_reported_run(const std::string& path);

/// Computes ModelFigures. Throws Error as LoadedRun does, and where the data has changed.
ModelFigures model_figures(const RunDirectory& run);

}  // namespace latent
