// The commit that the program was built from.
#pragma once

#include <string>

namespace latent {

/// Twelve hexadecimal digits, with "-dirty" behind them where the sources had changed since; empty
/// where they were no git checkout.
std::string build_commit();

}  // namespace latent
