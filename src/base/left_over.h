// What killed processes leave behind: files and folders that nobody holds any more.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace latent {

/// ".tmp-0123456789abcdef", other digits each time. By chance and not by the process's number: two
/// containers that share a folder may both have that.
std::string fresh_suffix(const std::string& begin);

/// Whether `name` is one that fresh_suffix(begin) was added to.
bool has_fresh_suffix(const std::string& name, const std::string& begin);

/// Calls `remove` with each entry of `folder` whose name is `ours` and on which no process holds a
/// lock; the lock is held meanwhile.
void for_each_left_over(const std::filesystem::path& folder,
                        const std::function<bool(const std::string& name)>& ours,
                        const std::function<void(const std::filesystem::path&)>& remove);

}  // namespace latent
