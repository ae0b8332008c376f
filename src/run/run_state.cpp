#include "src/run/run_state.h"

#include <filesystem>
#include <string>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/json_text.h"
#include "src/base/log.h"
#include "src/formats/checkpoint_files.h"

namespace latent {

using nlohmann::ordered_json;

nlohmann::json saved_provenance(const RunDirectory& run) {
  const auto tree = json_of(read_file(run.config()), /*ignore_comments=*/true);
  if (!tree.is_object() || !tree.contains("provenance") || !tree["provenance"].is_object())
    throw Error(run.config() + ": damaged; train again");
  return tree["provenance"];
}

std::optional<int64_t> unfinished_step(const RunDirectory& run) {
  const FitSteps reached = {newest_checkpoint_step(run.checkpoints()),
                            newest_checkpoint_step(run.refit_checkpoints()),
                            newest_checkpoint_step(run.final_checkpoints())};
  if (std::filesystem::exists(run.metrics())) {
    // metrics.json is written last, but a run may have gone on since.
    const auto metrics = json_of<ordered_json>(read_file(run.metrics()));
    const auto told = [&](const char* section) {
      const ordered_json part = object_in(metrics, section);
      if (part.contains("steps") && !part["steps"].is_number_integer())
        throw Error(run.metrics() + ": damaged; make it anew with: latent train --resume " +
                    run.path());
      return part.value("steps", int64_t{0});
    };
    if (told("train") == reached.first + reached.refit && told("export") == reached.final)
      return std::nullopt;
  }
  return reached.final > 0 ? reached.final : reached.refit > 0 ? reached.refit : reached.first;
}

void tell_if_unfinished(const RunDirectory& run) {
  const std::optional<int64_t> reached = unfinished_step(run);
  if (!reached) return;
  const int64_t newest = *reached;
  say(run.path() + ": this run is not finished" +
      (newest > 0 ? " (its newest checkpoint is of step " + std::to_string(newest) + ")" : "") +
      "; go on with: latent train --resume " + run.path());
}

}  // namespace latent
