// Files of the cache folder: their names, and what is done about those that cannot be used.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "src/data/row_format.h"

namespace latent {

/// The file that keeps what belongs to `key`, whether it is there or not.
std::filesystem::path cache_file(const std::filesystem::path& folder, const std::string& key);

/// What names of columns' files begin with, while they have one (column.h).
inline const std::string kColumns = "columns.tmp-";

/// Makes the folder where it is missing, and removes what killed processes left there, of whatever
/// data. Throws Error when it cannot be made.
void make_cache_folder(const std::filesystem::path& folder);

/// Whether `load` took what is in `file`. False, and said unless the file is absent, when it threw:
/// then what was kept there is to be made anew.
bool use_cache_file(const std::filesystem::path& file,
                    const std::function<void(const std::filesystem::path&)>& load);

/// A list of its fields in the order of their declaration.
nlohmann::json format_to_json(const FormatInfo& format);
/// Throws what nlohmann::json throws when `fields` is no such list.
FormatInfo format_from_json(const nlohmann::json& fields);

}  // namespace latent
