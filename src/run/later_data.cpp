#include "src/run/later_data.h"

#include <span>

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/data/read.h"
#include "src/data/read_as.h"
#include "src/run/evaluate.h"
#include "src/run/model_for_data.h"
#include "src/run/part_metrics.h"

namespace latent {

namespace {

/// A file's ids as the model's, those that it lacks behind its own.
std::vector<int32_t> renumber(const IdMap& from, IdMap& to) {
  std::vector<int32_t> out(from.size());
  for (int32_t n = 0; n < from.size(); ++n) out[n] = to.add(from.name(n));
  return out;
}

Interactions read_later(const RunConfig& config, const std::string& path, TrainedModel& model) {
  DataOptions options = config.data;
  options.path = path;
  options.valid_path = options.test_path = "";
  options.min_user = options.min_item = 0;
  RawData raw = read_files({path}, options, /*need_time=*/false);
  const ReadAs read_as = read_as_of(raw);
  filter_rows(raw, options);
  tell_how_read(read_as, ranks(config));
  const auto users = renumber(raw.data.users, model.users),
             items = renumber(raw.data.items, model.items);
  Interactions rows = std::move(raw.data.rows);
  for (int32_t& u : rows.user) u = users[u];
  for (int32_t& i : rows.item) i = items[i];
  return rows;
}

/// Tables with a row of zeros for each user and item that came later: their terms are left out.
class Extended {
 public:
  Extended(const FactorView& view, int32_t users, int32_t items) : view_(view) {
    view_.users = users;
    view_.items = items;
    extend(view_.beta_user, view.users, users, 1);
    extend(view_.beta_item, view.items, items, 1);
    extend(view_.gamma_user, view.users, users, view.factors);
    extend(view_.gamma_item, view.items, items, view.factors);
  }
  Extended(const Extended&) = delete;
  const FactorView& view() const { return view_; }

 private:
  void extend(const float*& table, int32_t rows, int32_t more, int64_t width) {
    if (table == nullptr || more == rows) return;
    kept_.emplace_back(table, table + rows * width).resize(more * width);
    table = kept_.back().data();
  }

  FactorView view_;
  std::vector<std::vector<float>> kept_;
};

std::vector<char> cold(std::span<const int32_t> rows, int32_t size) {
  std::vector<char> out(size, 1);
  for (size_t n = 0; n < rows.size(); ++n) out[n] = rows[n] == 0;
  return out;
}

}  // namespace

nlohmann::ordered_json evaluate_later(TrainedModel model, const RunConfig& config,
                                      const std::string& path, const std::string& predictions) {
  const Interactions rows = read_later(config, path, model);
  const Extended extended(model.view, model.users.size(), model.items.size());
  const std::vector<char> cold_user = cold(model.user_rows, model.users.size()),
                          cold_item = cold(model.item_rows, model.items.size());
  model.item_counts.resize(model.items.size());
  if (!model.item_offsets.empty()) model.item_offsets.resize(model.items.size());
  model.known.start.resize(model.users.size() + 1, model.known.start.back());
  const HeldOutPart part{.rows = rows,
                         .masked = model.known,
                         .cold_user = cold_user,
                         .cold_item = cold_item,
                         .train_mean = model.train_mean,
                         .item_counts = model.item_counts,
                         .item_offsets = model.item_offsets};
  const UserItems pairs = user_items(rows, model.users.size());
  const size_t fresh = without(pairs, model.known).item.size();
  const bool ranked = wants_metrics(config, "ranking");
  if (ranked && fresh == 0)
    throw Error(path + ": every pair of it also stands in training, so no ranking can find one; "
                "give rows that came later");
  nlohmann::ordered_json out;
  out["data"] = path;
  out["test"] = part_metrics(extended.view(), part, config);
  tell_of_part(out["test"], "test", config);
  if (wants_metrics(config, "rating") && fresh < pairs.item.size()) {
    out["test"]["repeated_pairs"] = pairs.item.size() - fresh;
    out["test"]["leaked"] = true;
    if (!ranked)
      say(path + ": " + std::to_string(pairs.item.size() - fresh) + " of its " +
          std::to_string(pairs.item.size()) +
          " pairs also stand in training: their errors are of rows that were trained on");
  }
  if (!predictions.empty())
    write_predictions(predictions, extended.view(), rows, model.users, model.items);
  return out;
}

}  // namespace latent
