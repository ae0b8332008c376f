// What the two parts of the program share: picking a command, and turning what it throws into one
// line and an exit code.
#pragma once

namespace latent {

/// The command is not in this part (its function is null); nothing has been done.
constexpr int kElsewhere = -1;

/// Runs the command line with the commands of command_table(). Returns the exit code.
int run_program(int argc, char** argv);

}  // namespace latent
