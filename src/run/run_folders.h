// How the folder of a run gets its name, and gives it away: at each moment a kill leaves every run
// whole under one name.
#pragma once

#include <memory>
#include <string>

#include "src/base/folder_lock.h"

namespace latent {

/// A name beside `run` for a folder that is to become it.
std::string fresh_folder(const std::string& run);

/// Whether a folder that was to become a run holds its config at most.
bool is_untrained(const std::string& folder);

/// Of folders with such names that killed processes left: removes those in which nothing was
/// trained; a run that one of them was about to replace gets a name as name_aside() gives.
void settle_left_over(const std::string& run);

/// Renames `fresh` to `run`; false where that exists. Throws Error where it cannot.
bool give_name(const std::string& fresh, const std::string& run);

/// Lets `fresh` and the existing `run` change their names.
void exchange_names(const std::string& fresh, const std::string& run);

/// Renames `folder`, which was `run`, to run.replaced, or to the first of run.replaced-2, ... that
/// nothing has: what bears such a name may be anybody's. The new name, or the old one where that
/// failed.
std::string name_aside(const std::string& folder, const std::string& run);

/// Holds the folder that bears the name `run`. Throws Error where another process does, or takes
/// the name meanwhile.
std::unique_ptr<const FolderLock> lock_of_name(const std::string& run);

}  // namespace latent
