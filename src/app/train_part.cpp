// The part of the program that has LibTorch: all commands.
#include <cstdio>

#include "src/app/command_list.h"
#include "src/app/commands.h"
#include "src/app/program.h"

namespace {

#define LATENT_HERE(name, purpose, function) {name, purpose, latent::function},
constexpr latent::Command kCommands[] = {
    LATENT_COMMANDS(LATENT_HERE, LATENT_HERE, LATENT_HERE)};

}  // namespace

std::span<const latent::Command> latent::command_table() { return kCommands; }

extern "C" __attribute__((visibility("default"))) int latent_train_main(int argc, char** argv) {
  return latent::run_program(argc, argv);
}
