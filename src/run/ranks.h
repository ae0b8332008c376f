// A training that torchrun has started as several processes: who it is, and what all must agree on.
// Free of torch.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "src/base/peers.h"
#include "src/config/options.h"
#include "src/data/split.h"

namespace latent {

/// body() with all whom torchrun has started along; alone without torchrun. What ends one rank ends
/// all, each with its text; only the first one's progress and notes are shown.
int with_ranks(const std::function<int(Peers&)>& body);

/// Error where torchrun has started several processes of a command that is for one.
void require_one_process(const std::string& command);

/// The run that torchrun's earlier start of these ranks has made; empty: they are started for the
/// first time, or there is none. `run_dir`: where the command says that it is; empty: it is
/// numbered, and one of this config and `stem`.
std::string run_before(const RunConfig& config, const std::string& run_dir,
                       const std::string& stem, Peers& peers);
/// Leaves a numbered run's name for those whom torchrun may start again.
void leave_run(const RunConfig& config, const std::string& stem, const std::string& run,
               Peers& peers);

/// The config's data: on each machine one rank reads first and leaves its cache to the others.
std::shared_ptr<const SplitDataset> load_with_ranks(const RunConfig& config, Peers& peers);

/// Error on all ranks where one has another config, other data, another program or other kernels
/// than the first, or where what is asked for is for one process.
void require_agreement(const RunConfig& config, const SplitDataset& data, Peers& peers);

/// Error where ranks would go on from different steps.
void require_same_step(int64_t step, Peers& peers);

}  // namespace latent
