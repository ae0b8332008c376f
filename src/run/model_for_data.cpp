#include "src/run/model_for_data.h"

#include <algorithm>
#include <cstdio>

#include "models/registry.h"
#include "src/base/commit.h"
#include "src/base/file.h"
#include "src/base/parallel.h"
#include "src/base/version.h"
#include "src/config/catalog.h"
#include "src/config/run_paths.h"
#include "src/formats/crc32.h"
#include "src/kernels/cpu_level.h"
#include "src/run/warm_start.h"
#include "src/train/trainer.h"

namespace latent {

namespace {

using nlohmann::ordered_json;

RatingSummary summary_of(const Interactions& rows) {
  if (rows.size() == 0) return {};
  const auto [lowest, highest] = std::minmax_element(rows.rating.begin(), rows.rating.end());
  return {mean_rating(rows), *lowest, *highest, rows.size()};
}

}  // namespace

torch::Device device_of(const RunConfig& config) {
  // Solvers work on plain memory.
  const Trained by = model_info(config.model.name).trained;
  if (by == Trained::kBySolver || by == Trained::kAtOnce) return torch::kCPU;
  // The kernels round; LibTorch's operators would not know how.
  if (in_bfloat16(config) && config.train.device == "auto") return torch::kCPU;
  return resolve_device(config.train.device);
}

void use_threads(const RunConfig& config) {
  set_default_threads(static_cast<int>(config.train.threads));
  at::set_num_threads(1);
  clear_upper_halves();  // which its math library leaves in use
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

Recommender make_model_for(const RunConfig& config, const SplitDataset& data,
                           const Interactions& rows, bool filled) {
  const RatingSummary ratings = summary_of(rows);
  ModelSpec spec = model_spec(config, data.users.size(), data.items.size(), ratings);
  spec.filled = filled;
  // Nobody trains tables that a file's numbers come into, and whoever reads them wants floats.
  if (!filled) spec.in_bfloat16 = false;
  Recommender model = make_model(config.model.name, spec);
  if (!model_info(config.model.name).in_double(config)) {
    model->to(device_of(config));
    return model;
  }
  model->to(torch::kDouble);
  const torch::NoGradGuard no_grad;
  model->tables().alpha.fill_(model->spec().mean);  // not its float
  return model;
}

ordered_json provenance_of(const RunConfig& config, const SplitDataset& data, bool leaked) {
  ordered_json out = {{"program", std::string("latent ") + kVersion},
                      {"torch", torch_version()},
                      {"data_crc32", hex(data.checksum)},
                      {"ids_crc32", hex(ids_checksum(data))},
                      {"seed", config.train.seed},
                      {"device", device_of(config).str()},
                      {"users", data.users.size()},
                      {"items", data.items.size()},
                      {"test_pairs", test_pairs(data)}};
  if (const std::string commit = build_commit(); !commit.empty()) out["commit"] = commit;
  if (const std::string folder = working_folder(); !folder.empty()) out["folder"] = folder;
  if (leaked) out["leaked"] = true;
  return out;
}

std::string torch_version() { return TORCH_VERSION; }

FittedRows::FittedRows(const SplitDataset& data, bool with_valid, bool with_test)
    : train_(data.parts.train), joined_(with_valid || with_test) {
  if (!joined_) return;
  rows_ = train_;
  if (with_valid) rows_.append(data.parts.valid);
  if (with_test) rows_.append(data.parts.test);
}

}  // namespace latent
