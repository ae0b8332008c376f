#include "src/config/memory_needed.h"

#include <cstdint>

#include "src/base/error.h"
#include "src/config/catalog.h"
#include "tests/support.h"

namespace latent {
namespace {

constexpr int64_t kGigabyte = 1'000'000'000;

RunConfig config_of(const std::string& model) {
  RunConfig config;
  config.model.name = model;
  return config;
}

double bytes_of(const RunConfig& config, int64_t users, int64_t items, int64_t rows) {
  double sum = 0;
  for (const MemoryNeed& need : memory_needed(config, users, items, rows)) sum += need.bytes;
  return sum;
}

TEST(MemoryNeeded, IsTheTablesWithWhatTrainsThem) {
  RunConfig config = config_of("latent_factor");
  config.model.factors = 9;
  config.train.batch_size = 1;
  // Adam: the tables, their gradient, two moments.
  EXPECT_NEAR(bytes_of(config, 700, 300, 10), 1000.0 * 10 * 4 * 4, 100);
  config.train.optimizer = "sgd";
  EXPECT_NEAR(bytes_of(config, 700, 300, 10), 1000.0 * 10 * 4 * 2, 100);
}

TEST(MemoryNeeded, GrowsWithTheBatchButNotBeyondAPass) {
  RunConfig config = config_of("bpr");
  config.train.batch_size = 1'000'000;
  const double steps = bytes_of(config, 10, 10, 1000);
  EXPECT_GT(steps, 5e7);
  config.train.epochs = 1;
  config.train.steps = 0;
  EXPECT_LT(bytes_of(config, 10, 10, 1000), 1e5);
}

TEST(MemoryNeeded, HoldsSizesThatNoIntegerDoes) {
  for (const ModelInfo& model : model_catalog()) {
    RunConfig config = config_of(model.name);
    config.model.factors = INT32_MAX;
    config.train.batch_size = INT32_MAX;
    config.train.negatives = INT32_MAX;
    const double bytes = bytes_of(config, INT32_MAX, INT32_MAX, INT64_MAX);
    EXPECT_GT(bytes, 0) << model.name;
    if (model.has_factors) {
      EXPECT_GT(bytes, 1e19) << model.name;
      EXPECT_THROW(require_memory(config, INT32_MAX, INT32_MAX, INT64_MAX, INT64_MAX), Error);
    }
  }
}

TEST(RequireMemory, NamesTheKnobOfTheLargestPart) {
  RunConfig config = config_of("latent_factor");
  config.model.factors = 1'000'000;
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, require_memory(config, 600, 400, 10, 2 * kGigabyte)),
            "model.factors = 1000000: its tables of 600 users and 400 items need 16.0 GB of "
            "memory, and 2.0 GB are free; lower it");
  config = config_of("latent_factor");
  config.train.batch_size = 100'000'000;
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, require_memory(config, 600, 400, 10, 2 * kGigabyte)),
            "train.batch_size = 100000000: its batches need 4.0 GB of memory, and 2.0 GB are "
            "free; lower it");
  config.train.batch_size = 50000;
  require_memory(config, 600, 400, 10, 2 * kGigabyte);
}

TEST(RequireMemory, CountsTheTrainingsOfASweep) {
  RunConfig config = config_of("latent_factor");
  config.model.factors = 49'999;  // .8 GB
  const std::vector<const RunConfig*> trials(5, &config);
  const auto require = [&](int jobs) {
    require_memory_for_jobs(trials, jobs, 600, 400, 10, 2 * kGigabyte);
  };
  require(1);
  require(2);
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, require(4)),
            "--jobs 4: so many trainings at a time need 3.2 GB of memory, and 2.0 GB are free; "
            "--jobs 2 fits");
}

}  // namespace
}  // namespace latent
