// One function for each command of the program.
#pragma once

#include <cxxopts.hpp>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "src/serve/served_model.h"

namespace latent {

int run_train(int argc, char** argv);
int run_evaluate(int argc, char** argv);
int run_predict(int argc, char** argv);
int run_recommend(int argc, char** argv);
int run_similar(int argc, char** argv);
int run_rank(int argc, char** argv);
int run_explain(int argc, char** argv);
int run_find(int argc, char** argv);
int run_crossval(int argc, char** argv);
int run_split(int argc, char** argv);
int run_sweep_command(int argc, char** argv);
int run_export(int argc, char** argv);
int run_serve(int argc, char** argv);
int run_inspect(int argc, char** argv);
int run_config(int argc, char** argv);
int run_data(int argc, char** argv);
int run_synth(int argc, char** argv);
int run_runs(int argc, char** argv);
int run_compare(int argc, char** argv);
int run_report(int argc, char** argv);
int run_completion(int argc, char** argv);

struct Command {
  const char* name;
  const char* purpose;
  int (*run)(int, char**);
};

/// Every command, in the order of help.
std::span<const Command> command_table();

/// What may stand on a command's line.
struct CommandShape {
  struct Option {
    char letter;       ///< of "-k", or 0
    std::string name;  ///< "run-dir", or ""
    std::string purpose;
    std::string value;  ///< what follows it, as help calls it ("FILE"); "": nothing
  };
  /// Of the words by position: "CONFIG", "RUN|MODEL", or small letters for the words themselves
  /// ("show|check"). A last one that ends in ... stands for any number.
  std::vector<std::string> words;
  std::vector<Option> options;
};

/// As the command itself states it; nothing of it is run.
CommandShape shape_of(const Command& command);

/// A command line being parsed: options and positional words, with --help and an example.
class CommandLine {
 public:
  /// `usage` follows the program's name ("train CONFIG [options]"); `example` is a whole command.
  CommandLine(const std::string& usage, const std::string& purpose, const std::string& example);

  cxxopts::OptionAdder add() { return options_.add_options(); }
  /// --set key=value, any number of times.
  void add_set();
  /// -o FILE; `what` says what is written there.
  void add_output(const std::string& what);
  /// Parses; `words` are the names of the positional words, of which the first `required` must be
  /// there; a last name that ends in ... stands for any number of words. False when --help was
  /// printed, or shape_of() asks. Words behind -- may begin with a dash. Throws UsageError.
  bool parse(int argc, char** argv, const std::vector<std::string>& words, size_t required);

  const std::string& word(size_t n) const { return words_.at(n); }
  size_t words() const { return words_.size(); }
  bool has(const std::string& option) const { return result_.count(option) > 0; }
  std::vector<std::string> sets() const;
  template <typename T>
  T get(const std::string& option) const {
    return result_[option].as<T>();
  }

 private:
  cxxopts::Options options_;
  cxxopts::ParseResult result_;
  std::vector<std::string> words_;
  std::vector<std::string> sets_;
  std::string example_;
};

/// Results go to stdout, as text followed by a newline.
void print(const std::string& text);

/// The report of runs and sweeps at `path`, and says on stderr that it was written.
void write_report(const std::vector<std::string>& runs_and_sweeps, const std::string& path);

/// Says on stderr that `path` was written, unless that is standard output.
void say_wrote(const std::string& path);

/// Says on stderr that the file is of a run that was not finished when it was exported.
void tell_if_unfinished(const ServedModel& model);

/// model.pt of a run directory, or the path itself.
std::string model_path(const std::string& run_or_model);

}  // namespace latent
