#include "src/run/per_user_file.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "src/base/error.h"
#include "src/formats/npz.h"

namespace latent {

namespace {

constexpr const char* kUser = "user";
constexpr const char* kCount = "count";
constexpr const char* kSquared = "squared_error";
constexpr const char* kAbsolute = "absolute_error";

std::string remedy(const std::string& path) {
  return "make it anew with: latent train --resume " +
         std::filesystem::path(path).parent_path().string();
}

/// Whole numbers from `low` on.
std::vector<int32_t> whole_numbers(const NpzReader& file, const std::string& name,
                                   const NpyShape& shape, int32_t low, const std::string& path) {
  std::vector<int32_t> out;
  for (const double value : file.doubles(name, shape, remedy(path))) {
    if (!(value >= low && value <= std::numeric_limits<int32_t>::max()) ||
        value != std::floor(value))
      throw Error(path + ": " + name + " holds a value that it cannot hold; " + remedy(path));
    out.push_back(static_cast<int32_t>(value));
  }
  return out;
}

/// Sums of errors.
std::vector<double> sums(const NpzReader& file, const std::string& name, const NpyShape& shape,
                         const std::string& path) {
  std::vector<double> out = file.doubles(name, shape, remedy(path));
  if (std::ranges::any_of(out, [](double value) { return !(value >= 0); }))
    throw Error(path + ": " + name + " holds a value that it cannot hold; " + remedy(path));
  return out;
}

}  // namespace

void write_per_user(const std::string& path, const PerUserFigures& figures) {
  NpzWriter file(path);
  const NpyShape shape = {static_cast<int64_t>(figures.user.size())};
  file.add(kUser, std::span(figures.user), shape);
  if (!figures.count.empty()) {
    file.add(kCount, std::span(figures.count), shape);
    file.add(kSquared, std::span(figures.squared_error), shape);
    file.add(kAbsolute, std::span(figures.absolute_error), shape);
  }
  for (const auto& [name, values] : figures.rankings) file.add(name, std::span(values), shape);
  file.commit();
}

PerUserFigures read_per_user(const std::string& path) {
  const NpzReader file(path);
  PerUserFigures out;
  out.user = whole_numbers(file, kUser, {kAnyExtent}, 0, path);
  if (std::ranges::adjacent_find(out.user, std::greater_equal()) != out.user.end())
    throw Error(path + ": its users do not ascend; " + remedy(path));
  const NpyShape shape = {static_cast<int64_t>(out.user.size())};
  for (const std::string& name : file.names()) {
    if (name == kUser || name == kSquared || name == kAbsolute) continue;
    if (name != kCount) {
      out.rankings.emplace_back(name, file.floats(name, shape, remedy(path)));
      continue;
    }
    out.count = whole_numbers(file, kCount, shape, 1, path);
    out.squared_error = sums(file, kSquared, shape, path);
    out.absolute_error = sums(file, kAbsolute, shape, path);
  }
  return out;
}

}  // namespace latent
