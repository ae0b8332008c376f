#include "src/run/write_model.h"

#include "src/config/write.h"
#include "src/export/torchscript.h"
#include "src/run/model_for_data.h"

namespace latent {

using nlohmann::ordered_json;

void write_model(const RunConfig& config, const SplitDataset& data, const RecommenderImpl& model,
                 const UserItems& seen, const std::string& path, const ordered_json& metrics) {
  export_torchscript(path, {.model_name = config.model.name,
                            .tables = model.scored(),
                            .users = &data.users,
                            .items = &data.items,
                            .seen = &seen,
                            .titles = &data.titles,
                            .lowest = model.spec().lowest,
                            .highest = model.spec().highest,
                            .default_prediction = model.default_prediction(),
                            .bias_is_a_factor = model.bias_is_a_factor(),
                            .metadata = {{"format", 2},
                                         {"config", config_to_json(config)},
                                         {"metrics", metrics},
                                         {"provenance", provenance_of(config, data)}}});
}

}  // namespace latent
