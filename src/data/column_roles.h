// Which column or field is the user, the item, the rating, the time: usual names and named ones.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace latent {

/// The index among `columns` that `wanted` ("auto": a usual name of `role`; otherwise a name)
/// stands for, or -1. `role` is user, item, rating, time or title; `taken` are columns that auto
/// leaves alone.
int find_column(const std::string& role, const std::string& wanted,
                const std::vector<std::string>& columns, std::span<const int> taken = {});

/// All columns with a usual name of `role`, most telling first.
std::vector<int> usual_columns(const std::string& role, const std::vector<std::string>& columns);

/// The name instead of the index, or "".
std::string resolve_column(const std::string& role, const std::string& wanted,
                           const std::vector<std::string>& columns);

/// "a, b, c", for errors.
std::string column_list(const std::vector<std::string>& columns);

}  // namespace latent
