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

int64_t available_of_system() {
  std::ifstream in("/proc/meminfo");
  for (std::string name; in >> name;) {
    int64_t kilobytes = 0;
    if (name == "MemAvailable:" && in >> kilobytes) return kilobytes * 1024;
    in.ignore(256, '\n');
  }
  return INT64_MAX;
}

int64_t available_of_group() {
  const int64_t most = number_in("/sys/fs/cgroup/memory.max");
  const int64_t now = number_in("/sys/fs/cgroup/memory.current");
  return most < 0 || now < 0 ? INT64_MAX : std::max<int64_t>(0, most - now);
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
  return std::min({available_of_system(), available_of_group(), available_of_address_space()});
}

std::string memory_text(double bytes) {
  char text[40];
  const bool large = bytes >= 1e9;
  std::snprintf(text, sizeof text, large ? "%.1f GB" : "%.0f MB",
                large ? bytes / 1e9 : std::max(1.0, std::ceil(bytes / 1e6)));
  return text;
}

}  // namespace latent
