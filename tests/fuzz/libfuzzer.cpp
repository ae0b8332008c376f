// The targets as libFuzzer calls them: --target=NAME says which.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "tests/fuzz/targets.h"

namespace {

const latent::fuzz::Target* target = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr const char* kOption = "--target=";
  for (int n = 1; n < *argc; ++n) {
    if (std::strncmp((*argv)[n], kOption, std::strlen(kOption)) == 0)
      target = latent::fuzz::find_target((*argv)[n] + std::strlen(kOption));
  }
  if (target != nullptr) return 0;
  std::fputs("--target=NAME, one of:", stderr);
  for (const auto& known : latent::fuzz::targets()) std::fprintf(stderr, " %s", known.name);
  std::fputs("\n", stderr);
  std::exit(2);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    latent::fuzz::try_both(*target, {reinterpret_cast<const char*>(data), size});
  } catch (const std::exception& e) {
    std::fprintf(stdout, "FINDING in %s: %s\n", target->name, e.what());
    std::fflush(stdout);
    std::abort();
  }
  return 0;
}
