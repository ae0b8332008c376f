#include "src/data/cache_file.h"

#include <cstdio>

#include "src/base/error.h"
#include "src/base/left_over.h"
#include "src/base/log.h"
#include "src/formats/crc32.h"

namespace latent {

namespace fs = std::filesystem;
using nlohmann::json;

fs::path cache_file(const fs::path& folder, const std::string& key) {
  char name[40];
  std::snprintf(name, sizeof name, "%08x%08x.cache", crc32_of(key.data(), key.size()),
                crc32_of(key.data(), key.size(), 0x5eed));
  return folder / name;
}

void make_cache_folder(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) throw Error(folder.string() + ": cannot make the folder: " + failed.message());
  for_each_left_over(
      folder,
      [](const std::string& name) {
        return (name.find(".cache.tmp-") == 16 && has_fresh_suffix(name, ".tmp-")) ||
               (name.starts_with(kColumns) && has_fresh_suffix(name, kColumns));
      },
      [](const fs::path& left) {
        std::error_code ignored;
        fs::remove(left, ignored);
      });
}

bool use_cache_file(const fs::path& file, const std::function<void(const fs::path&)>& load) {
  std::error_code absent;
  if (!fs::exists(file, absent)) return false;
  try {
    load(file);
    return true;
  } catch (const Error& e) {
    say(std::string(e.what()) + "; reading the data again");
  } catch (const std::exception&) {  // a damaged header ends in as many ways as it has fields
    say(file.string() + ": damaged cache file, reading the data again");
  }
  return false;
}

json format_to_json(const FormatInfo& f) {
  return {f.format, f.columns, f.header,     f.user,      f.item,  f.rating,
          f.time,   f.found_time, f.separator, f.width, f.column};
}

FormatInfo format_from_json(const json& f) {
  return {f.at(0),
          f.at(1).get<std::vector<std::string>>(),
          f.at(2),
          f.at(3),
          f.at(4),
          f.at(5),
          f.at(6),
          f.at(7),
          f.at(8),
          f.at(9),
          f.at(10).get<std::array<int, 4>>()};
}

}  // namespace latent
