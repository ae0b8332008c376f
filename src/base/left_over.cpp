#include "src/base/left_over.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>

namespace latent {

namespace fs = std::filesystem;

std::string fresh_suffix(const std::string& begin) {
  std::random_device random;
  char digits[20];
  std::snprintf(digits, sizeof digits, "%08x%08x", random(), random());
  return begin + digits;
}

bool has_fresh_suffix(const std::string& name, const std::string& begin) {
  constexpr size_t kDigits = 16;
  if (name.size() < begin.size() + kDigits) return false;
  const std::string suffix = name.substr(name.size() - begin.size() - kDigits);
  return suffix.starts_with(begin) &&
         suffix.find_first_not_of("0123456789abcdef", begin.size()) == std::string::npos;
}

void for_each_left_over(const fs::path& folder,
                        const std::function<bool(const std::string& name)>& ours,
                        const std::function<void(const fs::path&)>& remove) {
  std::error_code failed;
  for (auto at = fs::directory_iterator(folder.empty() ? "." : folder, failed);
       !failed && at != fs::directory_iterator(); at.increment(failed)) {
    if (!ours(at->path().filename().string())) continue;
    const int left = ::open(at->path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (left < 0) continue;
    if (::flock(left, LOCK_EX | LOCK_NB) == 0) remove(at->path());
    ::close(left);
  }
}

}  // namespace latent
