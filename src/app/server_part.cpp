// The part of the program that serves over HTTP: the only one that loads the HTTP library.
#include "src/app/command_list.h"
#include "src/app/commands.h"
#include "src/app/program.h"

namespace {

#define LATENT_HERE(name, purpose, function) {name, purpose, latent::function},
#define LATENT_ELSEWHERE(name, purpose, function) {name, purpose, nullptr},
constexpr latent::Command kCommands[] = {
    LATENT_COMMANDS(LATENT_ELSEWHERE, LATENT_ELSEWHERE, LATENT_HERE)};

}  // namespace

std::span<const latent::Command> latent::command_table() { return kCommands; }

extern "C" __attribute__((visibility("default"))) int latent_server_main(int argc, char** argv) {
  return latent::run_program(argc, argv);
}
