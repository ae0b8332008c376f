// What values the knobs take: a test, its wording, and its part of the JSON Schema.
#pragma once

#include <string>
#include <vector>

#include "src/config/knobs.h"

namespace latent::knob_range {

KnobRange any();
KnobRange above(double low);
KnobRange at_least(double low);
KnobRange count_from(int64_t low);
KnobRange between(int64_t low, int64_t high);
KnobRange number_or_auto();
KnobRange above_or_auto(double low);
KnobRange count_or_auto();
KnobRange share_or_auto();
KnobRange threads();
KnobRange share();
KnobRange share_or_all();
KnobRange one_of(std::vector<std::string> names);
KnobRange cut_offs();
KnobRange scale();
KnobRange separator();
KnobRange conditions();
KnobRange moment();
KnobRange folds();
KnobRange device();

}  // namespace latent::knob_range
