#include "src/score/near_id.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "src/base/edit_distance.h"
#include "src/base/error.h"

namespace latent {

namespace {

bool is_digits(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

/// Other spellings of the same thing, which the table finds at once.
std::vector<std::string> spellings(const std::string& id) {
  std::vector<std::string> out;
  const size_t first = id.find_first_not_of(" \t\"'"), last = id.find_last_not_of(" \t\"'");
  if (first == std::string::npos) return out;
  const std::string bare = id.substr(first, last - first + 1);
  out.push_back(bare);
  const size_t point = bare.find('.');
  std::string whole = bare.substr(0, point);
  const bool is_whole =
      is_digits(whole) &&
      (point == std::string::npos || bare.find_first_not_of('0', point + 1) == std::string::npos);
  if (is_whole) {
    whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size() - 1));
    for (const std::string& number : {whole, bare.substr(0, point)}) {
      out.push_back(number);
      out.push_back(number + ".0");
    }
    for (std::string padded = "0" + whole; padded.size() <= 12; padded = "0" + padded)
      out.push_back(padded);
  }
  std::string lower = bare, upper = bare;
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'z' ? c & ~0x20 : c);
  out.push_back(lower);
  out.push_back(upper);
  return out;
}

}  // namespace

std::string did_you_mean_id(const std::string& id, const IdTable& ids) {
  constexpr size_t kLongest = 64;
  constexpr int32_t kMostCompared = 50000;
  for (const std::string& other : spellings(id)) {
    if (other != id && ids.find(other) >= 0) return "; did you mean " + in_quotes(other) + "?";
  }
  // A number one digit away is another id, not a slip.
  if (id.size() < 3 || id.size() > kLongest || is_digits(id)) return "";
  int best = id.size() < 6 ? 2 : 3;  // fewer slips than this
  std::string nearest;
  // Letters of `id` that `other` lacks, or the other way round: each is a slip at least, and they
  // are counted in a fraction of a distance's time.
  std::array<int, 256> letters{};
  for (const unsigned char c : id) ++letters[c];
  const auto lacking = [&](std::string_view other) {
    std::array<int, 256> left = letters;
    int extra = 0;
    for (const unsigned char c : other) extra += --left[c] < 0 ? 1 : 0;
    return std::max(extra, extra + static_cast<int>(id.size()) - static_cast<int>(other.size()));
  };
  int32_t compared = 0;
  for (int32_t n = 0; n < ids.size() && compared < kMostCompared; ++n) {
    const std::string_view other = ids[n];
    const auto longer = static_cast<int64_t>(other.size()) - static_cast<int64_t>(id.size());
    if (std::abs(longer) >= best) continue;
    ++compared;
    if (lacking(other) >= best) continue;
    const int distance = edit_distance(id, std::string(other));
    if (distance >= best) continue;
    best = distance;
    nearest = other;
  }
  return nearest.empty() ? "" : "; did you mean " + in_quotes(nearest) + "?";
}

}  // namespace latent
