// Shared parts of the commands.
#include <cstdio>
#include <filesystem>

#include "src/app/commands.h"
#include "src/base/error.h"

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

bool CommandLine::parse(int argc, char** argv, const std::vector<std::string>& words,
                        size_t required) {
  // cxxopts splits list values at commas, which values such as [1,5,10] hold: --set is taken out by
  // hand.
  std::vector<char*> rest;
  for (int n = 0; n < argc; ++n) {
    const std::string argument = argv[n];
    if (n > 0 && argument == "--set") {
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
  } catch (const std::exception& e) {  // cxxopts renamed its exceptions between versions
    throw UsageError(std::string(e.what()) + "; " + help);
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

std::vector<std::string> CommandLine::sets() const { return sets_; }

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (text.empty() || text.back() != '\n') std::fputc('\n', stdout);
}

std::string model_path(const std::string& run_or_model) {
  namespace fs = std::filesystem;
  return fs::is_directory(run_or_model) && fs::exists(fs::path(run_or_model) / "model.pt")
             ? run_or_model + "/model.pt"
             : run_or_model;
}

}  // namespace latent
