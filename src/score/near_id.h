// The known id that an unknown one was probably meant to be.
#pragma once

#include <string>

#include "src/score/id_table.h"

namespace latent {

/// "; did you mean '1.0'?" for the id of `ids` that is the same number written otherwise, the same
/// word in other case, or a slip of a letter or two away; "" where none is near. Looks at a bounded
/// number of ids, however many there are.
std::string did_you_mean_id(const std::string& id, const IdTable& ids);

}  // namespace latent
