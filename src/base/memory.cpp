#include "src/base/memory.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>

namespace latent {

namespace {

/// The first number of a file; -1: there is none ("max", or no such file).
int64_t number_in(const std::string& path) {
  std::ifstream in(path);
  int64_t number = -1;
  return in >> number ? number : -1;
}

/// The number beside `name` in a file of names and numbers; -1: there is none.
int64_t number_beside(const std::string& path, const std::string& name) {
  std::ifstream in(path);
  for (std::string found; in >> found;) {
    int64_t number = -1;
    if (found == name && in >> number) return number;
    in.ignore(256, '\n');
  }
  return -1;
}

int64_t of_system(const std::string& name) {
  const int64_t kilobytes = number_beside("/proc/meminfo", name);
  return kilobytes < 0 ? INT64_MAX : kilobytes * 1024;
}

/// Files of a version of control groups.
struct GroupFiles {
  const char *most, *now, *active, *inactive;
};
constexpr GroupFiles kVersion1{"memory.limit_in_bytes", "memory.usage_in_bytes",
                               "total_active_file", "total_inactive_file"};
constexpr GroupFiles kVersion2{"memory.max", "memory.current", "active_file", "inactive_file"};

/// Calls fn(folder, files) for the process's groups, from its own one up.
template <typename Fn>
void for_each_group(const Fn& fn) {
  std::ifstream in("/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {  // 4:memory:/a/b, or 0::/a/b
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string what = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool version2 = what == ",,";
    if (!version2 && what.find(",memory,") == std::string::npos) continue;
    const std::string root = version2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    // A group may be the root of all that a container sees: then the rest of its path is not there.
    for (std::string path = line.substr(second + 1);; path.erase(path.rfind('/'))) {
      if (path == "/") path.clear();
      fn(root + path + "/", version2 ? kVersion2 : kVersion1);
      if (path.empty() || path[0] != '/') break;
    }
  }
}

int64_t available_of_groups() {
  int64_t least = INT64_MAX;
  for_each_group([&](const std::string& folder, const GroupFiles& files) {
    const int64_t most = number_in(folder + files.most), now = number_in(folder + files.now);
    if (most < 0 || now < 0) return;
    int64_t left = most - now;
    for (const char* pages : {files.active, files.inactive})
      left += std::max<int64_t>(0, number_beside(folder + "memory.stat", pages));
    least = std::min(least, std::max<int64_t>(0, left));
  });
  return least;
}

int64_t available_of_address_space() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return INT64_MAX;
  const int64_t pages = number_in("/proc/self/statm");
  const auto most = static_cast<int64_t>(std::min<rlim_t>(limit.rlim_cur, INT64_MAX));
  return std::max<int64_t>(0, most - std::max<int64_t>(0, pages) * 4096);
}

}  // namespace

int64_t available_memory() {
  return std::min(
      {of_system("MemAvailable:"), available_of_groups(), available_of_address_space()});
}

int64_t whole_memory() {
  int64_t least = of_system("MemTotal:");
  for_each_group([&](const std::string& folder, const GroupFiles& files) {
    const int64_t most = number_in(folder + files.most);
    if (most > 0) least = std::min(least, most);
  });
  return least;
}

std::string memory_text(double bytes) {
  char text[40];
  const bool large = bytes >= 1e9;
  std::snprintf(text, sizeof text, large ? "%.1f GB" : "%.0f MB",
                large ? bytes / 1e9 : std::max(1.0, std::ceil(bytes / 1e6)));
  return text;
}

}  // namespace latent
