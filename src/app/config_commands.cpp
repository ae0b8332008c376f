// config, data, synth.
#include <algorithm>
#include <filesystem>
#include <functional>

#include "src/app/commands.h"
#include "src/base/edit_distance.h"
#include "src/base/error.h"
#include "src/base/log.h"
#include "src/config/complaints.h"
#include "src/config/diff.h"
#include "src/config/schema.h"
#include "src/config/sweep_groups.h"
#include "src/config/variables.h"
#include "src/config/write.h"
#include "src/data/synth.h"
#include "src/run/data_info.h"
#include "src/run/run_directory.h"

namespace latent {

namespace {

const std::vector<std::string> kConfigWords = {"show", "check", "diff", "reference", "schema"};

/// The config of a file, or of a run's folder.
RunConfig config_of(const std::string& path) {
  std::error_code unknown;
  const bool folder = std::filesystem::is_directory(path, unknown);
  return read_config(folder ? RunDirectory::open(path).config() : path, {}).config;
}

/// As diff(1): 0 without a difference, 1 with one; what cannot be compared is 2, as UsageError is.
int print_diff(const CommandLine& line) {
  if (line.words() < 3)
    throw UsageError("config diff takes two configs or runs; latent config --help shows how");
  if (!line.sets().empty()) throw UsageError("--set does not go with config diff");
  std::vector<KnobDifference> found;
  try {
    found = config_diff(config_of(line.word(1)), config_of(line.word(2)));
  } catch (const Error& e) {
    throw UsageError(e.what());
  }
  if (line.has("json")) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& [knob, a, b] : found) list.push_back({{"knob", knob}, {"a", a}, {"b", b}});
    print(list.dump(2));
  } else if (!found.empty()) {
    print(diff_table(found));
  }
  return found.empty() ? 0 : 1;
}

/// The config as a file that reads back to itself.
std::string config_text(const RunConfig& config) {
  nlohmann::ordered_json tree = config_to_json(config);
  const std::function<void(nlohmann::ordered_json&)> escape = [&](nlohmann::ordered_json& value) {
    if (value.is_string()) value = escape_variables(value.get<std::string>());
    if (value.is_structured()) std::ranges::for_each(value, escape);
  };
  escape(tree);
  return tree.dump(2);
}

}  // namespace

int run_config(int argc, char** argv) {
  CommandLine line(
      "config show|check|diff|reference|schema [CONFIG] [CONFIG] [options]",
      "show: every knob with its value and where that comes from. check: all that train would "
      "refuse in CONFIG before it reads the data. diff: the knobs whose values differ between two "
      "configs or runs; exit code 0 for none, 1 for some, 2 where one cannot be read. reference: "
      "the table of all knobs. schema: a JSON Schema of configs, for editors.",
      "latent config show configs/quickstart.json --set train.lr=0.01");
  line.add()("json", "show: as a resolved config file; diff: as JSON");
  line.add_set();
  if (!line.parse(argc, argv, {"show|check|diff|reference|schema", "CONFIG", "CONFIG"}, 1))
    return 0;
  const std::string& what = line.word(0);
  const std::string path = line.words() > 1 ? line.word(1) : "";
  if (std::ranges::count(kConfigWords, what) == 0)
    throw UsageError("unknown " + in_quotes(what) + did_you_mean(what, kConfigWords));
  if (what == "diff") return print_diff(line);
  const size_t most = what == "show" || what == "check" ? 2 : 1;
  if (line.words() > most)
    throw UsageError("unexpected " + in_quotes(line.word(most)) +
                     "; latent config --help shows how");
  if (what == "reference") {
    print(config_reference());
  } else if (what == "schema") {
    print(config_schema().dump(2));
  } else if (what == "check") {
    if (path.empty()) throw UsageError("missing CONFIG; latent config --help shows how");
    const ResolvedConfig resolved = read_with_complaints(path, line.sets());
    if (resolved.sweep.is_null()) {
      refuse(complaints(resolved));
    } else {
      refuse(resolved.wrong);
      check_sweep(given_knobs(resolved), resolved.sweep, path);
    }
    print(path + ": valid");
  } else {
    const ResolvedConfig resolved = read_config(path, line.sets());
    print(line.has("json") ? config_text(resolved.config) : config_table(resolved));
  }
  return 0;
}

int run_data(int argc, char** argv) {
  CommandLine line("data info FILE [options]",
                   "Prints what a data file holds and the lines to paste into a config.",
                   "latent data info ratings.csv.gz --set data.rating=none");
  line.add()("json", "print JSON");
  line.add_set();
  if (!line.parse(argc, argv, {"info", "FILE"}, 2)) return 0;
  if (line.word(0) != "info")
    throw UsageError("unknown " + in_quotes(line.word(0)) +
                     "; latent data info FILE is what there is");
  ResolvedConfig resolved = read_config("", line.sets());
  resolved.config.data.path = line.word(1);
  const auto info = data_info(resolved.config.data);
  print(line.has("json") ? info.dump(2) : data_info_text(info));
  return 0;
}

int run_synth(int argc, char** argv) {
  SynthOptions o;
  const auto number = [](auto v) { return nlohmann::json(v).dump(); };
  CommandLine line(
      "synth -o FILE [options]",
      "Writes a Goodreads-shaped gz JSON-lines file, or a CSV, with planted biases and factors.",
      "latent synth -o data/quickstart.json.gz --users 2000 --items 1000 --ratings 100000");
  line.add_output("the file to write (gz by name)");
  line.add()("users", "users", cxxopts::value<int64_t>()->default_value(number(o.users)), "N")(
      "items", "items", cxxopts::value<int64_t>()->default_value(number(o.items)), "N")(
      "ratings", "ratings, each of another pair",
      cxxopts::value<int64_t>()->default_value(number(o.ratings)), "N")(
      "factors", "planted factors", cxxopts::value<int64_t>()->default_value(number(o.factors)),
      "K")("mean", "mean rating", cxxopts::value<double>()->default_value(number(o.mean)), "X")(
      "bias-std", "standard deviation of the biases",
      cxxopts::value<double>()->default_value(number(o.bias_std)),
      "X")("factor-std", "standard deviation of the factors' product",
           cxxopts::value<double>()->default_value(number(o.factor_std)),
           "X")("noise", "standard deviation of the noise",
                cxxopts::value<double>()->default_value(number(o.noise)),
                "X")("no-round", "real numbers in place of whole ratings 0..5")(
      "csv",
      "rows user,item,rating, a user's together: takes no memory for them, however many there are")(
      "seed", "seed", cxxopts::value<int64_t>()->default_value("0"), "N");
  if (!line.parse(argc, argv, {}, 0)) return 0;
  if (!line.has("output")) throw UsageError("missing -o FILE; latent synth --help shows how");
  o.users = line.get<int64_t>("users");
  o.items = line.get<int64_t>("items");
  o.ratings = line.get<int64_t>("ratings");
  o.factors = line.get<int64_t>("factors");
  o.mean = line.get<double>("mean");
  o.bias_std = line.get<double>("bias-std");
  o.factor_std = line.get<double>("factor-std");
  o.noise = line.get<double>("noise");
  o.round = !line.has("no-round");
  o.csv = line.has("csv");
  o.seed = line.get<int64_t>("seed");
  write_synthetic(line.get<std::string>("output"), o);
  say_wrote(line.get<std::string>("output"));
  return 0;
}

}  // namespace latent
