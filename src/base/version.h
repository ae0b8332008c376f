// The program's version.
#pragma once

namespace latent {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace latent
