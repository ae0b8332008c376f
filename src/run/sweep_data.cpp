#include "src/run/sweep_data.h"

#include <cstdio>
#include <filesystem>

#include "src/base/error.h"
#include "src/base/text_writer.h"

namespace latent {

namespace {

/// user,item,rating of each row, as DataOptions below reads them.
void write_rows(const std::string& path, const SplitDataset& data,
                std::initializer_list<const Interactions*> parts) {
  TextWriter out(path);
  out.write("user,item,rating\n");
  for (const Interactions* part : parts) {
    for (int64_t n = 0; n < part->size(); ++n) {
      char rating[32];
      std::snprintf(rating, sizeof rating, ",%.9g\n", static_cast<double>(part->rating[n]));
      out.write(csv_field(data.users.name(part->user[n])) + "," +
                csv_field(data.items.name(part->item[n])) + rating);
    }
  }
  out.commit();
}

/// How to read that; what no reading changes stays as it is.
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
  write_rows(config.data.path, data, {&data.parts.train, &data.parts.valid});
  if (tested) {
    config.data.test_path = folder + "/test.csv";
    write_rows(config.data.test_path, data, {&data.parts.test});
  } else {
    config.split.kind = "random";
    config.split.test = 0;
  }
}

}  // namespace latent
