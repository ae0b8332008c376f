// train, evaluate, export.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "src/app/commands.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/json_text.h"
#include "src/base/log.h"
#include "src/config/complaints.h"
#include "src/report/metric_tables.h"
#include "src/report/text_plot.h"
#include "src/run/crossval.h"
#include "src/run/ranks.h"
#include "src/run/saved_run.h"
#include "src/run/train_run.h"

namespace latent {

namespace {

/// The objective over the steps, and the watched metric over the validations.
void draw_curves(const std::string& log) {
  std::vector<double> objective, watched;
  std::string name;
  std::ifstream in(log);
  for (std::string line; std::getline(in, line);) {
    const auto entry = json_of(line);
    if (entry.is_discarded() || entry.contains("refit") || entry.contains("final"))
      continue;
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_number()) continue;
      if (key == "objective") objective.push_back(value);
      if (key.rfind("valid_", 0) != 0) continue;
      name = key;
      watched.push_back(value);
    }
  }
  constexpr int kHeight = 8;
  const int width = std::min(100, terminal_width());
  if (objective.size() > 1)
    say("objective, " + std::to_string(objective.size()) + " steps\n" +
        text_plot(objective, width, kHeight, wants_colour()));
  if (watched.size() > 1)
    say(name + ", " + std::to_string(watched.size()) + " validations\n" +
        text_plot(watched, width, kHeight, wants_colour()));
}

/// Which fit the run's model.pt is.
std::string what_model_holds(const RunReport& report) {
  if (!std::filesystem::exists(report.directory + "/model.pt")) return "";
  const auto exported = report.metrics.find("export");
  if (exported == report.metrics.end()) return "; its model.pt holds the fit that was tested";
  return "; its model.pt holds a later fit on all " + (*exported)["rows"].dump() +
         " rows, the figures are of the fit before it";
}

}  // namespace

int run_train(int argc, char** argv) {
  CommandLine line("train CONFIG [options]", "Trains the model of CONFIG into a run directory.",
                   "latent train configs/quickstart.json --set train.seed=1 --run-dir runs/seed1");
  line.add()("o,run-dir", "the run directory to make (default: a new one under runs/)",
             cxxopts::value<std::string>(), "DIR")(
      "resume", "go on with a run; CONFIG may be left out", cxxopts::value<std::string>(), "RUN")(
      "overwrite", "replace an existing run directory")("json", "print the metrics as JSON");
  line.add_set();
  if (!line.parse(argc, argv, {"CONFIG"}, 0)) return 0;
  const std::string config = line.words() > 0 ? line.word(0) : "";
  const bool resume = line.has("resume");
  if (resume && (line.has("run-dir") || line.has("overwrite")))
    throw UsageError(
        "--resume goes on in the run's own directory; leave out --run-dir and --overwrite");
  if (!resume && config.empty())
    throw UsageError("missing CONFIG; latent train --help shows how");
  return with_ranks([&](Peers& peers) {
    RunReport report;
    if (resume) {
      report = resume_run(line.get<std::string>("resume"), config, line.sets(), peers);
    } else {
      TrainRequest request;
      request.config = read_with_complaints(config, line.sets());
      request.stem = std::filesystem::path(config).stem().string();
      if (line.has("run-dir")) request.run_dir = line.get<std::string>("run-dir");
      request.overwrite = line.has("overwrite");
      report = train_run(request, peers);
    }
    if (!peers.first()) return 0;
    draw_curves(report.directory + "/log.jsonl");
    print(line.has("json") ? report.metrics.dump(2) : metric_table(report.metrics));
    const auto& train = report.metrics["train"];
    say(std::to_string(train["steps"].get<int64_t>()) + " steps in " +
        duration_text(train["seconds"].get<double>()) + "; run: " + report.directory +
        what_model_holds(report));
    return 0;
  });
}

int run_evaluate(int argc, char** argv) {
  CommandLine line(
      "evaluate RUN|MODEL [options]",
      "Prints the metrics of a run directory or an exported model, on the data of its config.",
      "latent evaluate runs/quickstart --set eval.k=[10,50]");
  line.add()("json", "print JSON")(
      "predictions",
      "also write user,item,rating,prediction of a part; with - to standard output, and the "
      "metrics to standard error",
      cxxopts::value<std::string>(), "FILE")(
      "part", "the part of --predictions: train, valid or test",
      cxxopts::value<std::string>()->default_value("test"), "PART")(
      "data", "judge on all rows of a later file, with users and items that may be new",
      cxxopts::value<std::string>(), "FILE");
  line.add_set();
  if (!line.parse(argc, argv, {"RUN|MODEL"}, 1)) return 0;
  EvaluateRequest request{.run_or_model = line.word(0), .sets = line.sets()};
  PredictionsRequest& predictions = request.predictions;
  if (line.has("data")) request.data = line.get<std::string>("data");
  if (line.has("predictions")) predictions.path = line.get<std::string>("predictions");
  predictions.part = line.get<std::string>("part");
  if (line.has("part") && predictions.path.empty())
    throw UsageError("--part goes with --predictions FILE; latent evaluate --help shows how");
  if (predictions.part != "train" && predictions.part != "valid" && predictions.part != "test")
    throw UsageError("--part takes train, valid or test, not " + in_quotes(predictions.part));
  if (line.has("part") && line.has("data"))
    throw UsageError("--part and --data do not go together: all rows of a later file are one part");
  const auto metrics = evaluate_saved(request);
  const std::string text = line.has("json") ? metrics.dump(2) : metric_table(metrics);
  if (predictions.path == "-") {
    say(text);
  } else {
    print(text);
  }
  return 0;
}

int run_crossval(int argc, char** argv) {
  CommandLine line("crossval CONFIG [options]",
                   "Trains and evaluates the model of CONFIG on each fold of its data.",
                   "latent crossval configs/movielens.json --folds 5");
  line.add()("folds",
             "how many parts the shuffled rows are cut into (split.kind k_fold: split.folds, if "
             "not given)",
             cxxopts::value<int64_t>()->default_value("5"), "K")(
      "fold-files", "the files of the folds instead: TRAIN,TEST of the first, of the second, ...",
      cxxopts::value<std::vector<std::string>>(),
      "TRAIN,TEST,...")("jobs", "folds trained at the same time",
                        cxxopts::value<int64_t>()->default_value("1"), "N")("json", "print JSON");
  line.add_set();
  if (!line.parse(argc, argv, {"CONFIG"}, 1)) return 0;
  require_one_process("crossval");
  CrossvalRequest request;
  const ResolvedConfig resolved = read_with_complaints(line.word(0), line.sets());
  refuse(complaints_apart_from_data(resolved));
  request.config = resolved.config;
  const bool given = !line.has("folds") && request.config.split.kind == "k_fold";
  request.folds = given ? request.config.split.folds : line.get<int64_t>("folds");
  if (line.has("fold-files")) {
    if (line.has("folds")) throw UsageError("--folds and --fold-files do not go together");
    const auto names = line.get<std::vector<std::string>>("fold-files");
    if (names.size() % 2 != 0)
      throw UsageError("--fold-files takes pairs TRAIN,TEST, not " + std::to_string(names.size()) +
                       " files");
    for (size_t n = 0; n < names.size(); n += 2)
      request.files.emplace_back(names[n], names[n + 1]);
  } else if (request.folds < 2) {
    throw UsageError("--folds must be at least 2");
  }
  const auto jobs = line.get<int64_t>("jobs");
  if (jobs < 1 || jobs > 1024) throw UsageError("--jobs must be from 1 to 1024");
  request.jobs = static_cast<int>(jobs);
  const auto result = cross_validate(request);
  print(line.has("json") ? result.dump(2) : crossval_table(result));
  return 0;
}

namespace {

struct ExportRow {
  const char* name;    ///< of --format
  const char* suffix;  ///< by which it is known
  ExportFormat format;
};
constexpr ExportRow kExports[] = {
    {"torchscript", ".pt", ExportFormat::kTorchScript},
    {"npz", ".npz", ExportFormat::kNpz},
    {"safetensors", ".safetensors", ExportFormat::kSafetensors},
    {"triton", "", ExportFormat::kTriton},  // a folder, whatever its name
};
constexpr const char* kFormats = "torchscript, npz, safetensors or triton";

/// What `path` is to hold: by its suffix, where it has one of those, else by `format` ("": not
/// given).
ExportFormat export_format(const std::string& path, const std::string& format) {
  const std::string suffix = std::filesystem::path(path).extension();
  if (format == "triton" && (suffix == ".pt" || suffix == ".npz" || suffix == ".safetensors"))
    throw Error(path + ": is named " + suffix + ", but --format triton writes a folder of models");
  if (format == "triton" && output_place(path).stream)
    throw Error(path + ": --format triton writes a folder of models; name one");
  const auto* const named = std::ranges::find_if(
      kExports, [&](const ExportRow& row) { return format == row.name; });
  const auto* const seen = std::ranges::find_if(
      kExports, [&](const ExportRow& row) { return *row.suffix != '\0' && suffix == row.suffix; });
  if (seen == std::end(kExports)) {
    if (format.empty() && !output_place(path).stream)
      throw Error(path +
                  ": name it .pt (a TorchScript module), .npz (its tables) or .safetensors, or "
                  "give --format " +
                  kFormats);
    return named == std::end(kExports) ? ExportFormat::kTorchScript : named->format;
  }
  if (!format.empty() && named != seen)
    throw Error(path + ": is named " + suffix + ", but --format is " + format +
                "; leave --format out, or name it " + named->suffix);
  return seen->format;
}

}  // namespace

int run_export(int argc, char** argv) {
  CommandLine line("export RUN -o FILE", "Writes the trained model of RUN.",
                   "latent export runs/quickstart -o model.pt");
  line.add_output(
      "the file to write: .pt, a TorchScript module; .npz, its tables, as implicit's load() reads "
      "them where the model ranks; .safetensors, all that serves it without code; of triton a "
      "folder of models");
  line.add()("format",
             "torchscript, npz or safetensors, for files of other names, pipes and standard "
             "output; triton, for Triton Inference Server",
             cxxopts::value<std::string>()->default_value("torchscript"), "FORMAT")(
      "k", "items in a list of --format triton",
      cxxopts::value<int64_t>()->default_value("10"), "N");
  if (!line.parse(argc, argv, {"RUN"}, 1)) return 0;
  if (!line.has("output")) throw UsageError("missing -o FILE; latent export --help shows how");
  const auto format = line.get<std::string>("format");
  if (std::ranges::none_of(kExports, [&](const ExportRow& row) { return format == row.name; }))
    throw UsageError("--format takes " + std::string(kFormats) + ", not " + in_quotes(format));
  if (line.has("k") && format != "triton") throw UsageError("-k goes with --format triton");
  const auto k = line.get<int64_t>("k");
  if (k < 1) throw UsageError("-k must be at least 1");
  const auto output = line.get<std::string>("output");
  export_run({line.word(0), output, export_format(output, line.has("format") ? format : ""), k});
  say_wrote(output);
  return 0;
}

}  // namespace latent
