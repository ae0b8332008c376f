// Times the ranking metrics over random factors: bench_ranking USERS ITEMS FACTORS. One JSON line.
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "src/base/rng.h"
#include "src/metrics/ranking.h"

namespace latent {
namespace {

std::vector<float> normals(int64_t n, const char* name) {
  RandomStream random = Rng(1).stream(name);
  std::vector<float> out(n);
  for (float& v : out) v = static_cast<float>(random.normal());
  return out;
}

UserItems random_items(int32_t users, int32_t items, int each, const char* name) {
  RandomStream random = Rng(1).stream(name);
  std::vector<int32_t> u, i;
  for (int32_t user = 0; user < users; ++user) {
    for (int n = 0; n < each; ++n) {
      u.push_back(user);
      i.push_back(static_cast<int32_t>(random.below(items)));
    }
  }
  return UserItems(u, i, users);
}

void run(int32_t users, int32_t items, int factors) {
  const auto p = normals(int64_t{users} * factors, "p"), q = normals(int64_t{items} * factors, "q");
  const UserItems seen = random_items(users, items, 10, "seen"),
                  test = random_items(users, items, 5, "test"), all = merged(seen, test);
  FactorView view{users, items, factors};
  view.gamma_user = p.data();
  view.gamma_item = q.data();
  const auto start = std::chrono::steady_clock::now();
  const auto figures = ranking_metrics(view, {&test, &seen, &all, {1, 5, 10, 20, 100}});
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("{\"seconds\": %.3f, \"%s\": %.6f}\n", seconds, figures.all[0].first.c_str(),
              figures.all[0].second);
}

}  // namespace
}  // namespace latent

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "bench_ranking USERS ITEMS FACTORS\n"), 2;
  latent::run(std::atoi(argv[1]), std::atoi(argv[2]), std::atoi(argv[3]));
}
