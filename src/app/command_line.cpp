// Shared parts of the commands.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string_view>

#include "src/app/commands.h"
#include "src/base/error.h"
#include "src/base/json_text.h"
#include "src/run/run_state.h"
#include "src/base/log.h"

namespace latent {

CommandLine::CommandLine(const std::string& usage, const std::string& purpose,
                         const std::string& example)
    : options_("latent " + usage.substr(0, usage.find(' ')), purpose), example_(example) {
  options_.custom_help(usage.find(' ') == std::string::npos ? ""
                                                            : usage.substr(usage.find(' ') + 1));
  options_.positional_help("");
  options_.add_options()("h,help", "this text");
}

void CommandLine::add_set() {
  options_.add_options()("set",
                         "set a knob: key=value (any number of times; see configs/REFERENCE.md)",
                         cxxopts::value<std::string>(), "KEY=VALUE");
}

void CommandLine::add_output(const std::string& what) {
  options_.add_options()("o,output", what + "; - is standard output", cxxopts::value<std::string>(),
                         "FILE");
}

namespace {

CommandShape* wanted_shape = nullptr;  // by shape_of(), for as long as it runs

CommandShape::Option shape_of_option(const cxxopts::HelpOptionDetails& details) {
  return {.letter = details.s.empty() ? '\0' : details.s[0],
          .name = details.l.empty() ? "" : details.l.front(),
          .purpose = details.desc,
          .value = details.is_boolean ? "" : details.arg_help};
}

/// What to do about an id such as -7, where a command takes ids and a word could be one; or "".
std::string dash_advice(const std::vector<char*>& arguments, const std::string& command,
                        const std::vector<std::string>& words) {
  const bool takes_ids = std::ranges::any_of(
      words, [](const auto& w) { return w.starts_with("ITEM") || w == "TEXT"; });
  const bool has_dash = std::ranges::any_of(arguments, [](const std::string_view word) {
    return word.size() > 1 && word[0] == '-' && word[1] != '-';
  });
  if (!takes_ids || !has_dash) return "";
  std::string out = "; what begins with a dash and is no option goes behind --: " + command + " " +
                    words[0] + " --";
  for (size_t n = 1; n < words.size(); ++n) out += " " + words[n];
  return out;
}

}  // namespace

bool CommandLine::parse(int argc, char** argv, const std::vector<std::string>& words,
                        size_t required) {
  if (wanted_shape != nullptr) {
    wanted_shape->words = words;
    for (const auto& option : options_.group_help("").options)
      wanted_shape->options.push_back(shape_of_option(option));
    return false;
  }
  // cxxopts splits list values at commas, which values such as [1,5,10] hold: --set is taken out by
  // hand.
  std::vector<char*> rest;
  bool words_only = false;  // behind --
  for (int n = 0; n < argc; ++n) {
    const std::string argument = argv[n];
    words_only = words_only || argument == "--";
    if (words_only) {
      rest.push_back(argv[n]);
    } else if (n > 0 && argument == "--set") {
      if (n + 1 == argc) throw UsageError("--set needs key=value");
      sets_.push_back(argv[++n]);
    } else if (n > 0 && argument.rfind("--set=", 0) == 0) {
      sets_.push_back(argument.substr(6));
    } else {
      rest.push_back(argv[n]);
    }
  }
  const std::string help = options_.program() + " --help shows how";
  try {
    result_ = options_.parse(static_cast<int>(rest.size()), rest.data());
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& e) {  // cxxopts renamed its exceptions between versions
    const std::string advice = dash_advice(rest, options_.program(), words);
    throw UsageError(std::string(e.what()) + (advice.empty() ? "; " + help : advice));
  }
  if (has("help")) {
    std::string text = options_.help();
    print(text + "\nExample:\n  " + example_);
    return false;
  }
  words_ = result_.unmatched();  // as they stand: a positional option of cxxopts would be split at
                                 // commas, which ids may hold
  if (words_.size() < required) throw UsageError("missing " + words[words_.size()] + "; " + help);
  const bool any_number = !words.empty() && words.back().ends_with("...");
  if (words_.size() > words.size() && !any_number)
    throw UsageError("unexpected " + in_quotes(words_[words.size()]) + "; " + help);
  return true;
}

CommandShape shape_of(const Command& command) {
  CommandShape out;
  std::string name = command.name;
  char* words[] = {name.data(), nullptr};
  wanted_shape = &out;
  command.run(1, words);
  wanted_shape = nullptr;
  return out;
}

std::vector<std::string> CommandLine::sets() const { return sets_; }

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (text.empty() || text.back() != '\n') std::fputc('\n', stdout);
}

void say_wrote(const std::string& path) {
  if (path != "-") say("wrote " + path);
}

void tell_if_unfinished(const ServedModel& model) {
  const auto metadata = json_of(model.metadata());
  if (!metadata.is_object()) return;
  const auto metrics = metadata.find("metrics");
  if (metrics == metadata.end() || !metrics->is_object() || !metrics->contains("unfinished_step"))
    return;
  say(model.path() + ": exported from a run that was not finished, at step " +
      (*metrics)["unfinished_step"].dump());
}

std::string model_path(const std::string& run_or_model) {
  const std::string in_folder = run_or_model + "/model.pt";
  if (!RunDirectory::is_run(run_or_model))
    return std::filesystem::exists(in_folder) ? in_folder : run_or_model;
  const RunDirectory run = RunDirectory::open(run_or_model);
  tell_if_unfinished(run);
  if (!std::filesystem::exists(run.model()))
    throw Error(run_or_model + ": has no model.pt; write it with: latent export " + run_or_model +
                " -o " + run.model());
  return run.model();
}

}  // namespace latent
