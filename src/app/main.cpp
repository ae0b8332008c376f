// The program file: commands that only read run here, without LibTorch, which takes longer to load
// than most answers take; the others in liblatent_train.so or liblatent_server.so beside it.
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
constexpr latent::Command kCommands[] = {
    LATENT_COMMANDS(LATENT_HERE, LATENT_ELSEWHERE, LATENT_ELSEWHERE)};

struct Part {
  const char *file, *entry;
};
constexpr Part kTrain = {"liblatent_train.so", "latent_train_main"},
               kServer = {"liblatent_server.so", "latent_server_main"};

#define LATENT_NOT_SERVED(name, purpose, function)
#define LATENT_SERVED(name, purpose, function) || command == name
/// Which part has a command that is not here.
const Part& part_of(const std::string& command) {
  const bool served =
      false LATENT_COMMANDS(LATENT_NOT_SERVED, LATENT_NOT_SERVED, LATENT_SERVED);
  return served ? kServer : kTrain;
}

/// Of a part: beside the program, or where an installation has it.
std::filesystem::path part_file(const Part& part) {
  std::error_code unknown;
  const auto folder = std::filesystem::read_symlink("/proc/self/exe", unknown).parent_path();
  for (const auto& place : {folder / part.file, folder / "../lib/latent" / part.file}) {
    if (std::filesystem::exists(place, unknown)) return place;
  }
  return folder / part.file;
}

int run_in_part(int argc, char** argv) {
  const Part& which = part_of(argc > 1 ? argv[1] : "");
  void* const part = ::dlopen(part_file(which).c_str(), RTLD_NOW | RTLD_LOCAL);
  using Main = int (*)(int, char**);
  void* const found = part != nullptr ? ::dlsym(part, which.entry) : nullptr;
  const auto run = reinterpret_cast<Main>(found);
  if (run == nullptr) {
    std::fprintf(stderr,
                 "latent: cannot load %s, which belongs beside the program: %s\n", which.file,
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
