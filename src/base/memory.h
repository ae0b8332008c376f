// The memory that this machine has left.
#pragma once

#include <cstdint>
#include <string>

namespace latent {

/// Bytes that a process can still take: what the system has available, within the limit of its
/// control group (version 2) and of its address space (ulimit -v). INT64_MAX where nothing says.
int64_t available_memory();

/// "1.6 GB", "24 MB", of 10^9 and 10^6 bytes.
std::string memory_text(double bytes);

}  // namespace latent
