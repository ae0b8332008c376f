// The memory that this machine has, and what is left of it.
#pragma once

#include <cstdint>
#include <string>

namespace latent {

/// Bytes that a process can still take: what the system has available, within the limits of its
/// control groups (version 1 or 2), where pages of files count as available, and of its address
/// space (ulimit -v). INT64_MAX where nothing says.
int64_t available_memory();

/// Bytes of memory that the machine has, or the least that a control group of the process (version
/// 1 or 2) allows. INT64_MAX where nothing says.
int64_t whole_memory();

/// "1.6 GB", "24 MB", of 10^9 and 10^6 bytes.
std::string memory_text(double bytes);

}  // namespace latent
