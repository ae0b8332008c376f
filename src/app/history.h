// What somebody has, from the command line or a file: for people of whom the model has no row.
#pragma once

#include <string>
#include <vector>

#include "src/app/batch.h"
#include "src/app/commands.h"

namespace latent {

/// Adds --items and --history.
void add_history_options(CommandLine& line);
inline bool has_history(const CommandLine& line) {
  return line.has("items") || line.has("history");
}

/// The history that --items ("a,b,c" or "a:5,b:3") or --history (a file of rows item[,rating], or
/// - for standard input) gives. Items that the model does not know are an Error, or left out and
/// counted where `unknown` is not kError. Says on stderr what items without ratings count as, and
/// where ratings make no difference.
std::vector<RatedId> history_of(const CommandLine& line, const ServedModel& model,
                                Unknown unknown);

}  // namespace latent
