// Which code works on a device's tables: kernels of the CPU, or LibTorch's operators alone.
#pragma once

#include <c10/core/Device.h>

#include <cstdlib>

namespace latent {

/// Whether tables on `device` are worked on by LibTorch's operators alone: on a GPU. On the CPU
/// where LATENT_DEVICE_CODE is set and not empty: so tests run a GPU's code without one.
inline bool by_operators(const c10::Device& device) {
  if (!device.is_cpu()) return true;
  const char* const asked = std::getenv("LATENT_DEVICE_CODE");
  return asked != nullptr && *asked != '\0';
}

}  // namespace latent
