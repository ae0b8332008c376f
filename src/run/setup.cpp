#include "src/run/setup.h"

#include <algorithm>
#include <cstdio>

#include "models/registry.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/version.h"
#include "src/config/catalog.h"
#include "src/formats/crc32.h"
#include "src/run/train_run.h"
#include "src/train/trainer.h"

namespace latent {

namespace {

using nlohmann::ordered_json;

RatingSummary summary_of(const Interactions& rows) {
  if (rows.size() == 0) return {};
  const auto [lowest, highest] = std::minmax_element(rows.rating.begin(), rows.rating.end());
  return {mean_rating(rows), *lowest, *highest};
}

/// Solvers work on plain memory.
torch::Device device_of(const RunConfig& config) {
  const std::string& asked = config.train.device;
  if (model_info(config.model.name).trained != Trained::kBySolver) return resolve_device(asked);
  if (asked != "auto" && asked != "cpu")
    throw Error("train.device = " + asked + ", but " + config.model.name +
                " is trained on the CPU; use cpu or auto");
  return torch::kCPU;
}

/// Tables whose solver works in double keep all of it, so that a resumed run goes on exactly.
bool in_double(const RunConfig& config) {
  return config.model.name == "baseline" || (config.model.name == "svd" && config.train.exact);
}

}  // namespace

void use_threads(const RunConfig& config) {
  if (config.train.threads > 0) at::set_num_threads(static_cast<int>(config.train.threads));
}

bool ranks(const RunConfig& config) { return model_info(config.model.name).task == Task::kRanking; }

std::string hex(uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "%08x", value);
  return text;
}

uint32_t ids_checksum(const SplitDataset& data) {
  uint32_t crc = 0;
  for (const IdMap* ids : {&data.users, &data.items}) {
    crc = crc32_of(ids->text().data(), ids->text().size(), crc);
    crc = crc32_of(ids->ends().data(), ids->ends().size() * sizeof(uint64_t), crc);
  }
  return crc;
}

Setup::Setup(const RunConfig& given, Tables tables)
    : Setup(given, load_dataset(given.data, given.split), tables) {}

Setup::Setup(const RunConfig& given, SplitDataset dataset, Tables tables)
    : config(given), device(device_of(given)), data(std::move(dataset)) {
  use_threads(config);
  new_model(data.parts.train, tables);
}

void Setup::new_model(const Interactions& rows, Tables tables) {
  const RatingSummary ratings = summary_of(rows);
  mean_ = ratings.mean;
  ModelSpec spec = model_spec(config, data.users.size(), data.items.size(), ratings);
  spec.filled = tables == Tables::kInitial;
  model = make_model(config.model.name, spec);
  if (!in_double(config)) {
    model->to(device);
    return;
  }
  model->to(torch::kDouble);
  const torch::NoGradGuard no_grad;
  model->tables().alpha.fill_(model->spec().mean);  // not its float
}

ModuleView Setup::view() const {
  return ModuleView(model->tables(), data.users.size(), data.items.size(), model->spec().lowest,
                    model->spec().highest, default_prediction());
}

std::optional<double> Setup::default_prediction() const {
  if (config.model.name != "svd" || config.svd.biased) return std::nullopt;
  return mean_;
}

ordered_json Setup::provenance() const {
  return {{"program", std::string("latent ") + kVersion},
          {"torch", torch_version()},
          {"data_crc32", hex(data.checksum)},
          {"ids_crc32", hex(ids_checksum(data))},
          {"seed", config.train.seed},
          {"device", device.str()},
          {"users", data.users.size()},
          {"items", data.items.size()}};
}

FittedRows::FittedRows(const SplitDataset& data, bool with_valid, bool with_test)
    : train_(data.parts.train), joined_(with_valid || with_test) {
  if (!joined_) return;
  rows_ = train_;
  if (with_valid) rows_.append(data.parts.valid);
  if (with_test) rows_.append(data.parts.test);
}

}  // namespace latent
