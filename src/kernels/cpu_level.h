// Which instruction set the kernels run in.
#pragma once

#include <string>
#include <vector>

namespace latent {

/// x86-64's levels 1, 3 and 4 (its ABI's names); elsewhere there is only kBaseline.
enum class CpuLevel { kBaseline, kAvx2, kAvx512 };

/// What the processor offers, lowest first.
std::vector<CpuLevel> cpu_levels();

/// "baseline", "avx2" or "avx512".
std::string cpu_level_name(CpuLevel level);

/// The best level that the processor offers, or the one that the environment's LATENT_CPU names;
/// read once. Throws Error for a name that is none, or one that the processor lacks.
CpuLevel cpu_level();

/// After code of a library that left the upper halves of this thread's vector registers in use:
/// plain code would run several times slower until something clears them.
void clear_upper_halves();

}  // namespace latent
