// What a finished run leaves behind, put back into a set-up. Free functions shared by resuming,
// evaluating and exporting.
#pragma once

#include "src/run/run_directory.h"
#include "src/run/setup.h"

namespace latent {

/// Error when the data of the run has changed since.
void require_same_data(const Setup& setup, const nlohmann::json& provenance,
                       const std::string& where);

/// "provenance" of the run's config.json.
nlohmann::json saved_provenance(const RunDirectory& run);

/// Weights of the finished run, best ones under early stopping, into setup.model.
void load_weights(Setup& setup, const RunDirectory& run);

/// Writes setup.model as TorchScript to `path`.
void write_model(const Setup& setup, const std::string& path,
                 const nlohmann::ordered_json& metrics);

}  // namespace latent
