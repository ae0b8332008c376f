// What the commands that answer from a model share: their options and how lists are printed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "src/app/batch.h"
#include "src/app/commands.h"

namespace latent {

/// The value of -k.
int64_t count_option(const CommandLine& line);

/// The value of --unknown, one of `values`.
Unknown unknown_of(const CommandLine& line, const std::vector<std::string>& values);
extern const std::vector<std::string> kForLists, kForScores;

/// "   4.27764  318  Schindler's List (1993)", or a JSON list of objects with {kind, "score",
/// "title"}; `kind` is item or user.
void print_scored(const ServedModel& model, const ScoredIds& scored, bool json,
                  const std::string& kind = "item");
/// Says `why`; an empty list as JSON.
void print_none(const std::string& why, bool json);

/// Answers for an id of which the model knows nothing, as --unknown says; `what` names it.
void answer_unknown(const ServedModel& model, const std::string& what, Unknown unknown,
                    const std::function<ScoredIds()>& popular, bool json);

}  // namespace latent
