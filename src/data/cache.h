// Parsed files kept in a cache folder, so that the second run starts at once.
#pragma once

#include <filesystem>
#include <optional>

#include "src/data/read.h"

namespace latent {

/// The folder that data.cache_dir stands for; empty: no cache.
std::filesystem::path cache_folder(const DataOptions& options);

/// What a cached parse depends on: path, size and mtime of each file, and the reader's knobs.
std::string cache_key(const std::vector<std::string>& paths, const DataOptions& options,
                      bool need_time);

/// The parse kept under `key`, or nothing when there is none or the file is damaged. Rows that
/// `place` takes to disk are mapped where they lie in the cache's file, once its checksum is found
/// right; what an earlier version has put at an odd place there is copied to a file of its own.
std::optional<RawData> load_cached(const std::filesystem::path& folder, const std::string& key,
                                   const RowPlace& place = {});

/// Writes atomically; throws Error when it cannot.
void save_cached(const std::filesystem::path& folder, const std::string& key, const RawData& raw);

}  // namespace latent
