// The program file: commands that only read run here, without LibTorch, which takes longer to load
// than most answers take; the others in liblatent_train.so, which lies beside it.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "src/app/command_list.h"
#include "src/app/commands.h"
#include "src/app/program.h"

namespace {

#define LATENT_HERE(name, purpose, function) {name, purpose, latent::function},
#define LATENT_ELSEWHERE(name, purpose, function) {name, purpose, nullptr},
constexpr latent::Command kCommands[] = {LATENT_COMMANDS(LATENT_HERE, LATENT_ELSEWHERE)};

constexpr const char* kPart = "liblatent_train.so";

/// Of the other part: beside the program, or where an installation has it.
std::filesystem::path part_file() {
  std::error_code unknown;
  const auto folder = std::filesystem::read_symlink("/proc/self/exe", unknown).parent_path();
  for (const auto& place : {folder / kPart, folder / "../lib/latent" / kPart}) {
    if (std::filesystem::exists(place, unknown)) return place;
  }
  return folder / kPart;
}

int run_in_part(int argc, char** argv) {
  void* const part = ::dlopen(part_file().c_str(), RTLD_NOW | RTLD_LOCAL);
  using Main = int (*)(int, char**);
  void* const found = part != nullptr ? ::dlsym(part, "latent_train_main") : nullptr;
  const auto run = reinterpret_cast<Main>(found);
  if (run == nullptr) {
    std::fprintf(stderr,
                 "latent: cannot load the part that trains, which belongs beside the program: %s\n",
                 ::dlerror());
    return 1;
  }
  return run(argc, argv);
}

}  // namespace

std::span<const latent::Command> latent::command_table() { return kCommands; }

int main(int argc, char** argv) {
  int code = latent::run_program(argc, argv);
  if (code == latent::kElsewhere) code = run_in_part(argc, argv);
  std::fflush(nullptr);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return code;  // their reports come at the end of an orderly exit
#else
  std::_Exit(code);  // LibTorch takes tens of milliseconds to unregister its operators
#endif
}
