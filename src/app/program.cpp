#include "src/app/program.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <new>
#include <sstream>
#include <vector>

#include "src/app/commands.h"
#include "src/base/edit_distance.h"
#include "src/base/error.h"
#include "src/base/version.h"
#include "src/kernels/cpu_level.h"

namespace latent {

namespace {

void help() {
  std::string text =
      "latent: latent-factor recommenders from config files\n\nUsage: latent COMMAND [options]\n\n";
  for (const Command& c : command_table()) {
    std::string name = c.name;
    name.resize(12, ' ');
    text += "  " + name + c.purpose + "\n";
  }
  print(text +
                "\n'latent help COMMAND' shows a command's options. Example:\n  latent train "
                "configs/quickstart.json");
}

int dispatch(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  if (name.empty()) throw UsageError("missing command; latent --help lists them");
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
    print(std::string("latent ") + kVersion);
    return 0;
  }
  cpu_level();  // says at once that LATENT_CPU is wrong
  std::vector<std::string> names;
  for (const Command& c : command_table()) {
    if (name == c.name) return c.run != nullptr ? c.run(argc - 1, argv + 1) : kElsewhere;
    names.push_back(c.name);
  }
  throw UsageError("unknown command " + in_quotes(name) +
                           did_you_mean(name, names) + "; latent --help lists them");
}

/// Where one of the three is closed, the next file to be opened would get its number, and progress
/// lines would land in results.
void take_standard_streams() {
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
    if (::fcntl(stream, F_GETFD) >= 0) continue;
    // Reading what is write-only fails, as reading or writing a closed stream does.
    const int flags = stream == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    (void)::open("/dev/null", flags);
  }
}

constexpr const char* kOutOfMemory =
    "out of memory; a smaller model.factors or train.batch_size needs less";

/// Where memory ends within what must not throw, as in a destructor of the standard library's.
void end_without_memory() {
  if (const std::exception_ptr failure = std::current_exception()) {
    try {
      std::rethrow_exception(failure);
    } catch (const std::bad_alloc&) {
      std::fprintf(stderr, "latent: %s\n", kOutOfMemory);
      std::_Exit(1);
    } catch (...) {
    }
  }
  std::abort();
}

}  // namespace

int run_program(int argc, char** argv) {
  take_standard_streams();
  std::set_terminate(end_without_memory);
  // Above the limit of ulimit -f a write then fails as on a full disk, and says so.
  std::signal(SIGXFSZ, SIG_IGN);
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
  } catch (const UsageError& e) {
    complain(e.what());
    return 2;
  } catch (const Interrupted& e) {
    complain(e.what());
    return 128 + e.signal;
  } catch (const Error& e) {
    complain(e.what());
    return 1;
  } catch (const std::filesystem::filesystem_error& e) {
    // A path that is too long, or leads in a circle, or through a folder that may not be entered.
    complain((e.path1().string() + ": " + e.code().message()).c_str());
    return 1;
  } catch (const std::bad_alloc&) {
    complain(kOutOfMemory);
    return 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "latent: this is a bug, please report it: %s\n", e.what());
    return 70;
  }
}

}  // namespace latent
