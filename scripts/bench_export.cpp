// Times writing and loading an exported model of random tables: bench_export USERS ITEMS FACTORS
// FILE. One JSON line: seconds, those of the processor, and by how much each raised the peak of
// memory.
#include <sys/wait.h>
#include <torch/torch.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "src/export/torchscript.h"
#include "src/serve/served_model.h"

namespace latent {
namespace {

/// Seconds that `work` takes, and by how many bytes it raises the peak of memory.
template <typename Work>
void measure(const char* name, const Work& work) {
  const auto peak = [] {  // of this program image alone, as getrusage's is not
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
      if (word == "VmHWM:") return status >> word, std::stoll(word) * 1024;
    return 0LL;
  };
  const auto before = peak();
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t busy = std::clock();
  work();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("\"%s_seconds\": %.4f, \"%s_cpu_seconds\": %.4f, \"%s_peak_bytes\": %lld, ", name,
              seconds.count(), name, static_cast<double>(std::clock() - busy) / CLOCKS_PER_SEC,
              name, peak() - before);
}

IdMap ids(const char* kind, int64_t count) {
  IdMap out;
  for (int64_t n = 0; n < count; ++n) out.add(kind + std::to_string(10'000'000 + n));
  return out;
}

void run(int64_t users, int64_t items, int64_t factors, const std::string& path) {
  const IdMap user_ids = ids("user", users), item_ids = ids("item", items);
  std::vector<int32_t> user, item;
  for (int64_t n = 0; n < 3 * users; ++n) {
    user.push_back(static_cast<int32_t>(n / 3));
    item.push_back(static_cast<int32_t>(n * 7919 % items));
  }
  const UserItems seen(user, item, static_cast<int32_t>(users));
  const IdMap nobody;
  const UserItems nothing({}, {}, 0);
  const std::vector<int32_t> user_rows(users, 3), item_rows(items, 3);
  ExportSpec spec{"latent_factor",
                  {torch::zeros({1}), torch::rand({users, 1}), torch::rand({items, 1}),
                   torch::randn({users, factors}), torch::randn({items, factors})},
                  &user_ids,
                  &item_ids,
                  &seen,
                  &nobody,
                  &nothing,
                  user_rows,
                  item_rows};
  std::printf("{");
  measure("export", [&] { export_torchscript(path, spec); });
  std::fflush(stdout);
  if (const pid_t child = ::fork(); child != 0) {  // a peak never falls: loading has its own
    ::waitpid(child, nullptr, 0);
    return;
  }
  ::execl("/proc/self/exe", "bench_export", path.c_str(), nullptr);
}

void load(const std::string& path) {
  std::optional<ServedModel> model;
  measure("load", [&] { model.emplace(path); });
  measure("answer", [&] {
    if (model->recommend("user10000001", 3, true).size() != 3) std::abort();
  });
  std::printf("\"bytes\": %lld}\n", static_cast<long long>(std::filesystem::file_size(path)));
}

}  // namespace
}  // namespace latent

int main(int argc, char** argv) {
  if (argc == 2) return latent::load(argv[1]), 0;
  if (argc != 5) return std::fprintf(stderr, "bench_export USERS ITEMS FACTORS FILE\n"), 2;
  latent::run(std::atoll(argv[1]), std::atoll(argv[2]), std::atoll(argv[3]), argv[4]);
}
