#include "src/run/settled.h"

#include <algorithm>

#include "src/config/auto_values.h"
#include "src/config/catalog.h"
#include "src/run/model_for_data.h"

namespace latent {

namespace {

/// `random` has been by_row; the order is in blocks, but not of a run that has begun with another.
void settle_rows_on_disk(const SplitDataset& data, bool resumed, RunConfig& config) {
  const bool on_disk = data.parts.train.on_disk();
  if (on_disk && config.split.kind == "random") config.split.kind = "by_row";
  if (config.train.order != "auto" ||
      model_info(config.model.name).trained != Trained::kByGradient)
    return;
  if (!in_blocks(config) && (!on_disk || resumed)) return;
  config.train.order = device_of(config).is_cpu() ? "blocks" : "random";
}

}  // namespace

RunConfig settled(const RunConfig& config, const SplitDataset& data, bool resumed) {
  RunConfig out = config;
  settle_rows_on_disk(data, resumed, out);
  const bool stops = config.train.patience > 0 && has_steps(model_info(config.model.name));
  if (!stops || config.split.valid.value || data.parts.valid.size() > 0) return out;
  out.train.patience = 0;
  out.train.refit = false;
  out.split.valid_if_auto = 0;
  const ModelInfo& model = model_info(config.model.name);
  const auto value = [&](const auto& rows, const std::string& knob) {
    const auto at = std::ranges::find(rows, knob, [](const auto& row) { return row.first; });
    return at == rows.end() ? int64_t{0} : at->second.template get<int64_t>();
  };
  // A length that was given stays.
  const int64_t passes = value(model.defaults, "train.epochs");
  if (out.train.epochs == value(model.stopping, "train.epochs") && passes > 0)
    out.train.epochs = passes;
  return out;
}

}  // namespace latent
