#include "src/config/data_sources.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>

namespace latent {

namespace {

struct DataSource {
  std::string_view in_data;  ///< file or folder in the folder data
  std::string_view command;
};

constexpr std::array<DataSource, 11> kSources = {{
    {"goodreads_reviews_comics_graphic.json.gz", "scripts/fetch_data.sh comics brings it"},
    {"goodreads_fantasy.tsv", "scripts/fetch_data.sh fantasy brings it"},
    {"goodreads_reviews_fantasy_paranormal.json.gz",
     "scripts/fetch_data.sh fantasy_reviews brings it"},
    {"ml-100k", "scripts/fetch_data.sh ml-100k brings it"},
    {"ml-1m", "scripts/fetch_data.sh ml-1m brings it"},
    {"ml-latest-small", "scripts/fetch_data.sh ml-latest-small brings it"},
    {"goodbooks-10k", "scripts/fetch_data.sh goodbooks-10k brings it"},
    {"hetrec-lastfm", "scripts/fetch_data.sh hetrec-lastfm brings it"},
    {"ml-1m-ranking", "scripts/fetch_data.sh ml-1m-ranking brings it"},
    {"lastfm-ranking", "scripts/fetch_data.sh lastfm-ranking brings it"},
    {"quickstart.json.gz", "scripts/quickstart.sh makes it"},
}};

}  // namespace

std::string how_to_get(const std::string& path) {
  std::string folder;
  for (const auto& part : std::filesystem::path(path).lexically_normal()) {
    const std::string name = part.string();
    const auto source = std::ranges::find(kSources, name, &DataSource::in_data);
    if (folder == "data" && source != kSources.end()) return std::string(source->command);
    folder = name;
  }
  return "";
}

Error cannot_open(const std::string& path) {
  const bool missing = errno == ENOENT;
  const std::string text = errno_error(path, "cannot open").what();
  const std::string remedy = missing ? how_to_get(path) : "";
  return Error(remedy.empty() ? text : text + "; " + remedy);
}

}  // namespace latent
