// Fitting the model of a set-up to its training rows.
#pragma once

#include "src/base/error.h"
#include "src/run/evaluate.h"
#include "src/run/run_directory.h"
#include "src/run/setup.h"
#include "src/train/trainer.h"

namespace latent {

/// What must hold before a run directory is made.
void check_trainable(const Setup& setup, const Evaluator& evaluator);

/// Trains setup.model, a second time on train and valid under train.refit; goes on from the newest
/// checkpoint. Under train.refit `metrics` gets "valid", of the first fit, and "refit_steps".
/// Without a run nothing is written.
TrainSummary train_model(Setup& setup, const Evaluator& evaluator, const RunDirectory* run,
                         nlohmann::ordered_json& metrics);

/// The summary as metrics.json holds it.
nlohmann::ordered_json train_figures(const TrainSummary& summary);

/// fn(), with LibTorch's pages about a failed allocation turned into one line that names the knobs.
template <typename Fn>
auto naming_memory(const Fn& fn) {
  const std::string advice = "out of memory; lower model.factors or train.batch_size";
  try {
    return fn();
  } catch (const c10::OutOfMemoryError&) {
    throw Error("the device is " + advice + ", or set train.device = cpu");
  } catch (const c10::Error& e) {
    if (std::string(e.what()).find("alloc_cpu") == std::string::npos) throw;
    throw Error(advice);
  } catch (const std::bad_alloc&) {
    throw Error(advice);
  }
}

}  // namespace latent
