#include "src/run/costs.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include "src/score/ranker.h"
#include "src/train/module_view.h"

namespace latent {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int32_t kUsers = 200;
constexpr double kSeconds = 0.1;       // what measuring may take
constexpr int64_t kItemValues = 1 << 27;  // tables of items beyond that are not copied to be timed

int64_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

/// Below 0: not measured.
double list_milliseconds(const FactorView& view) {
  if (view.users == 0 || int64_t{view.items} * std::max<int64_t>(1, view.factors) > kItemValues)
    return -1;
  const Ranker ranker(view);
  const int32_t step = std::max(1, view.users / kUsers);
  std::vector<double> taken;
  const auto begin = Clock::now();
  auto last = begin;
  for (int32_t user = 0; user < view.users && std::ssize(taken) < kUsers; user += step) {
    ranker.rank_block({&user, 1}, 10, {});
    const auto now = Clock::now();
    taken.push_back(std::chrono::duration<double, std::milli>(now - last).count());
    last = now;
    if (std::chrono::duration<double>(now - begin).count() > kSeconds) break;
  }
  const auto middle = taken.begin() + std::ssize(taken) / 2;
  std::ranges::nth_element(taken, middle);
  return *middle;
}

}  // namespace

void reset_peak_memory() { std::ofstream("/proc/self/clear_refs") << "5"; }

nlohmann::ordered_json costs_of(const RecommenderImpl& model) {
  nlohmann::ordered_json out = {{"peak_memory_bytes", peak_memory()}};
  int64_t parameters = 0;
  for (const auto& parameter : model.parameters()) parameters += parameter.numel();
  out["parameters"] = parameters;
  const ModuleView tables(model);
  if (const double taken = list_milliseconds(tables.view()); taken >= 0)
    out["list_milliseconds"] = taken;
  return out;
}

}  // namespace latent
