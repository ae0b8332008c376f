// Who reads each knob: what refusals of unread ones and configs/REFERENCE.md follow from.
#pragma once

#include <string>
#include <vector>

#include "src/config/catalog.h"

namespace latent {

/// "a, b and c".
std::string listed(const std::vector<std::string>& words);

/// Names of the models that read `knob`, on whatever condition, in the catalogue's order.
std::vector<std::string> readers_of(const std::string& knob);

/// "" where `config` makes the program read `knob`; otherwise who does and what is read instead:
/// "train.lambda is not read by ials; its penalty is ials.reg".
std::string why_unread(const std::string& knob, const RunConfig& config);

/// Who reads `knob`, as configs/REFERENCE.md says it: "all but mean, where train.patience is above
/// 0".
std::string readers_text(const std::string& knob);

}  // namespace latent
