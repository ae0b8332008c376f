#include "src/kernels/cpu_level.h"

#include <cstdlib>

#include "src/base/error.h"

namespace latent {

namespace {

CpuLevel chosen_level() {
  const std::vector<CpuLevel> offered = cpu_levels();
  const char* const asked = std::getenv("LATENT_CPU");
  if (asked == nullptr || *asked == '\0') return offered.back();
  std::string names;
  for (const CpuLevel level : offered) {
    if (asked == cpu_level_name(level)) return level;
    names += " " + cpu_level_name(level);
  }
  throw Error("LATENT_CPU = " + in_quotes(asked) + ": this processor's kernels are" + names +
              "; unset it to take the best");
}

}  // namespace

std::vector<CpuLevel> cpu_levels() {
  std::vector<CpuLevel> out = {CpuLevel::kBaseline};
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
  if (__builtin_cpu_supports("x86-64-v3")) out.push_back(CpuLevel::kAvx2);
  if (__builtin_cpu_supports("x86-64-v4")) out.push_back(CpuLevel::kAvx512);
#endif
  return out;
}

std::string cpu_level_name(CpuLevel level) {
  return level == CpuLevel::kAvx512 ? "avx512" : level == CpuLevel::kAvx2 ? "avx2" : "baseline";
}

CpuLevel cpu_level() {
  static const CpuLevel level = chosen_level();
  return level;
}

namespace {

#if defined(__x86_64__)
__attribute__((target("avx"))) void zero_upper_halves() { __builtin_ia32_vzeroupper(); }
#endif

}  // namespace

void clear_upper_halves() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx")) zero_upper_halves();
#endif
}

}  // namespace latent
