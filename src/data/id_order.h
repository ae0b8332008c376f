// The numbering of a data set's ids as a file, so that its parts can be numbered alike.
#pragma once

#include <string>

#include "src/data/interactions.h"

namespace latent {

/// Writes the ids of users, then of items, in the order of their numbers: CSV of role,id. gz by
/// name. Throws Error where it cannot write.
void write_id_order(const std::string& path, const IdMap& users, const IdMap& items);

/// Numbers the ids of `data` in the order of such a file. Ids that it lacks come behind, in the
/// order that they have; those that `data` lacks are passed over. Throws Error with file and line
/// for a file of another form and an id that stands twice.
void take_id_order(Dataset& data, const std::string& path);

}  // namespace latent
