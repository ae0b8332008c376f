#include "src/run/sweep_data.h"

#include <filesystem>

#include "src/base/error.h"
#include "src/data/split_files.h"

namespace latent {

namespace {

/// How to read what write_part() writes; what no reading changes stays as it is.
DataOptions of_written_rows(const DataOptions& was) {
  DataOptions data;
  data.format = "csv";
  data.separator = ",";
  data.header = "true";
  data.user = "user";
  data.item = "item";
  data.rating = "rating";
  data.time = "none";
  data.cache_dir = was.cache_dir;
  data.rating_scale = was.rating_scale;
  data.weight = was.weight;
  data.titles = was.titles;
  return data;
}

}  // namespace

std::shared_ptr<const SplitDataset> load_without_test(const RunConfig& config) {
  SplitDataset data = load_dataset(config.data, config.split);
  data.parts.test = {};
  if (data.parts.valid.size() == 0)
    throw Error(config.data.path +
                ": the split leaves no row for validation, by which trials are judged; raise "
                "split.valid");
  return std::make_shared<const SplitDataset>(std::move(data));
}

void join_train_and_valid(RunConfig& config, const std::string& folder) {
  config.split.valid = 0;
  config.split.valid_from.clear();
  if (config.split.kind != "files" || config.data.valid_path.empty()) return;
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) throw SystemError(folder + ": cannot make the folder: " + failed.message());
  const SplitDataset data = load_dataset(config.data, config.split);
  const bool tested = !config.data.test_path.empty();
  config.data = of_written_rows(config.data);
  config.data.path = folder + "/train.csv";
  Interactions joined = data.parts.train;
  joined.append(data.parts.valid);
  write_part(config.data.path, joined, data.users, data.items);
  if (tested) {
    config.data.test_path = folder + "/test.csv";
    write_part(config.data.test_path, data.parts.test, data.users, data.items);
  } else {
    config.split.kind = "random";
    config.split.test = 0;
  }
}

}  // namespace latent
