// The program: picks a command, and turns what it throws into one line and an exit code.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <sstream>
#include <vector>

#include "src/app/commands.h"
#include "src/base/edit_distance.h"
#include "src/base/error.h"
#include "src/base/version.h"
#include "src/kernels/cpu_level.h"

namespace {

constexpr latent::Command kCommands[] = {
    {"train", "train the model of a config file, or resume a run", latent::run_train},
    {"crossval", "train and evaluate on each fold of a data set", latent::run_crossval},
    {"split", "write the training, validation and test part as files", latent::run_split},
    {"sweep", "try values of knobs, test the best", latent::run_sweep_command},
    {"evaluate", "metrics of a run or an exported model", latent::run_evaluate},
    {"predict", "the score of a user and an item", latent::run_predict},
    {"recommend", "the best items for a user", latent::run_recommend},
    {"similar", "the items most like an item, or users like a user", latent::run_similar},
    {"rank", "given items in the order of a user's scores", latent::run_rank},
    {"find", "items whose title or id holds a text", latent::run_find},
    {"export", "write the TorchScript model of a run", latent::run_export},
    {"runs", "a table of the runs of a folder", latent::run_runs},
    {"compare", "runs side by side, gain told from luck", latent::run_compare},
    {"report", "runs and sweeps as one HTML file", latent::run_report},
    {"config", "show, check, compare or document configs", latent::run_config},
    {"data", "look into a data file", latent::run_data},
    {"synth", "write a made-up ratings file", latent::run_synth},
    {"completion", "what a shell needs to complete command lines", latent::run_completion},
};

void help() {
  std::string text =
      "latent: latent-factor recommenders from config files\n\nUsage: latent COMMAND [options]\n\n";
  for (const latent::Command& c : kCommands) {
    std::string name = c.name;
    name.resize(12, ' ');
    text += "  " + name + c.purpose + "\n";
  }
  latent::print(text +
                "\n'latent help COMMAND' shows a command's options. Example:\n  latent train "
                "configs/quickstart.json");
}

int dispatch(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  if (name.empty()) throw latent::UsageError("missing command; latent --help lists them");
  if (name == "--help" || name == "-h" || (name == "help" && argc == 2)) {
    help();
    return 0;
  }
  if (name == "help") {
    std::string asked = argv[2], option = "--help";
    char* words[] = {argv[0], asked.data(), option.data(), nullptr};
    return dispatch(3, words);
  }
  if (name == "--version") {
    latent::print(std::string("latent ") + latent::kVersion);
    return 0;
  }
  latent::cpu_level();  // says at once that LATENT_CPU is wrong
  std::vector<std::string> names;
  for (const latent::Command& c : kCommands) {
    if (name == c.name) return c.run(argc - 1, argv + 1);
    names.push_back(c.name);
  }
  throw latent::UsageError("unknown command " + latent::in_quotes(name) +
                           latent::did_you_mean(name, names) + "; latent --help lists them");
}

int run(int argc, char** argv) {
  const auto complain = [](const char* text) {
    std::istringstream lines(text);  // one for each complaint about a config
    for (std::string line; std::getline(lines, line);)
      std::fprintf(stderr, "latent: %s\n", line.c_str());
  };
  try {
    const int code = dispatch(argc, argv);
    // A write that failed before the last flush shows only in the stream's state.
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      complain("cannot write to standard output");
      return 1;
    }
    return code;
  } catch (const latent::UsageError& e) {
    complain(e.what());
    return 2;
  } catch (const latent::Interrupted& e) {
    complain(e.what());
    return 128 + e.signal;
  } catch (const latent::Error& e) {
    complain(e.what());
    return 1;
  } catch (const std::bad_alloc&) {
    complain("out of memory; a smaller model.factors or train.batch_size needs less");
    return 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "latent: this is a bug, please report it: %s\n", e.what());
    return 70;
  }
}

}  // namespace

std::span<const latent::Command> latent::command_table() { return kCommands; }

int main(int argc, char** argv) {
  const int code = run(argc, argv);
  std::fflush(nullptr);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return code;  // their reports come at the end of an orderly exit
#else
  std::_Exit(code);  // LibTorch takes tens of milliseconds to unregister its operators
#endif
}
