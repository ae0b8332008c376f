// Times the serving library, and the memory that bounds it: bench_serve MODEL K LISTS [map], users
// as scripts/bench_export.cpp names them; bench_serve triad. One JSON line each.
#include <latent/serve.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double seconds_of(const std::function<void()>& work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// MiB, by a name of /proc/self/status.
double memory(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != name + ":") continue;
    double kib = 0;
    status >> kib;
    return kib / 1024;
  }
  return 0;
}

/// Bytes a second of a[i] = b[i] + s c[i] over arrays far larger than the caches, the best of ten.
double triad(int threads) {
  constexpr size_t kSize = 1 << 25;
  std::vector<float> a(kSize), b(kSize, 1), c(kSize, 2);
  double best = 1e9;
  for (int n = 0; n < 10; ++n) {
    const double took = seconds_of([&] {
      std::vector<std::thread> team;
      for (int t = 0; t < threads; ++t)
        team.emplace_back([&, t] {
          const size_t from = kSize * t / threads, to = kSize * (t + 1) / threads;
          for (size_t i = from; i < to; ++i) a[i] = b[i] + 3 * c[i];
        });
      for (std::thread& one : team) one.join();
    });
    best = std::min(best, took);
  }
  return a[kSize / 2] == 7 ? 3.0 * kSize * sizeof(float) / best : 0;
}

void bench(const std::string& path, int64_t k, int lists, bool map) {
  std::vector<double> times;
  double first = 0, batch = 0;
  const auto user = [](int64_t n) { return "user" + std::to_string(10'000'000 + n); };
  std::optional<latent::serve::Model> model;
  const double load = seconds_of([&] { model.emplace(path, map); });
  const int64_t users = model->users();
  first = seconds_of([&] { (void)model->recommend(user(users / 2), k); });
  const double resident = memory("VmRSS"), peak = memory("VmHWM");
  // The first lists make what the others are found by.
  for (int n = 0; n < 40; ++n) (void)model->recommend(user(n % users), k);
  for (int n = 0; n < lists; ++n)
    times.push_back(seconds_of([&] { (void)model->recommend(user(n * 7919LL % users), k); }));
  std::ranges::sort(times);
  std::vector<std::string> many;
  for (int64_t n = 0; n < std::min<int64_t>(users, 1000); ++n) many.push_back(user(n));
  batch = seconds_of([&] { (void)model->recommend(many, k); });
  std::printf("{\"load_seconds\": %.4f, \"first_ms\": %.3f, \"p50_ms\": %.4f, \"p99_ms\": %.4f, "
              "\"batch_per_second\": %.1f, \"memory_mib\": %.0f, \"peak_mib\": %.0f}\n",
              load, 1e3 * first, 1e3 * times[times.size() / 2],
              1e3 * times[times.size() * 99 / 100], static_cast<double>(many.size()) / batch,
              resident, peak);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string(argv[1]) == "triad") {
    const double one = triad(1), two = triad(2);
    std::printf("{\"one_thread\": %.4g, \"two_threads\": %.4g}\n", one, two);
    return 0;
  }
  if (argc != 4 && argc != 5)
    return std::fprintf(stderr, "bench_serve MODEL K LISTS [map] | bench_serve triad\n"), 2;
  bench(argv[1], std::atoll(argv[2]), std::atoi(argv[3]), argc == 5);
}
