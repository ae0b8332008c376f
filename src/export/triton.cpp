#include "src/export/triton.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string_view>

#include "src/base/error.h"
#include "src/base/file.h"

namespace latent {

namespace {

namespace fs = std::filesystem;

/// How many requests may share a pass.
constexpr int kMaxBatch = 1024;

struct Port {
  std::string name, type, extents;
};

std::string port_text(const Port& port) {
  return "  {\n    name: \"" + port.name + "\"\n    data_type: " + port.type + "\n    dims: [ " +
         port.extents + " ]\n  }\n";
}

/// The first line of a config: names of runs that differ may come to one model's.
std::string run_line(const std::string& run) {
  std::string out = "# Written by latent export --format triton of " + run;
  std::ranges::replace_if(out, [](unsigned char c) { return c < ' '; }, ' ');
  return out + "\n";
}

/// Text of model_config.proto. Copies of a model on one device share its tables: nothing in it
/// changes.
std::string config_text(const std::string& run, const std::string& name, bool batched,
                        const Port& in, const Port& items, const Port& scores) {
  return run_line(run) +
         "name: \"" +
         name +
         "\"\n"
         "platform: \"pytorch_libtorch\"\n"
         "max_batch_size: " +
         std::to_string(batched ? kMaxBatch : 0) + "\n" +
         (batched ? "dynamic_batching { }\n" : "") + "input [\n" + port_text(in) +
         "]\n"
         "output [\n" +
         port_text(items) +
         "]\n"
         "output [\n" +
         port_text(scores) +
         "]\n"
         "parameters: {\n"
         "  key: \"ENABLE_WEIGHT_SHARING\"\n"
         "  value: { string_value: \"true\" }\n"
         "}\n";
}

/// A model NAME and its NAME_index are one: neither may take a place in another's pair.
void refuse_others(const TritonRepository& to, const std::string& model,
                   const std::string& by_index) {
  const fs::path folder = to.folder;
  const auto refuse = [&](const std::string& taken) {
    throw Error((folder / taken).string() + " is another run's model; export " + to.run +
                " to another folder");
  };
  if (fs::exists(folder / by_index) && !fs::exists(folder / model)) refuse(by_index);
  static constexpr std::string_view kIndex = "_index";
  if (model.ends_with(kIndex) &&
      fs::exists(folder / model.substr(0, model.size() - kIndex.size())))
    refuse(model);
  for (const std::string& name : {model, by_index}) {
    const fs::path config = folder / name / "config.pbtxt";
    if (!fs::exists(config)) continue;
    const std::string text = read_file(config.string());
    const std::string line = text.substr(0, text.find('\n') + 1);
    // What an earlier version wrote does not say of which run it is.
    if (line.starts_with("# Written by latent export --format triton of ") &&
        line != run_line(to.run))
      refuse(name);
  }
}

/// Triton serves the version of the highest number, and this one is 1.
void refuse_later_versions(const fs::path& model) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(model, none)) {
    const std::string version = entry.path().filename().string();
    const bool number = !version.empty() && std::ranges::all_of(version, [](unsigned char c) {
      return std::isdigit(c) != 0;
    });
    if (number && version != "1" && version.front() != '0')
      throw Error(entry.path().string() + " is a later version, which Triton would serve in place "
                                          "of this export; remove it, or export to another folder");
  }
}

void write_one(const fs::path& folder, const std::string& config, const ExportSpec& spec) {
  std::error_code failed;
  fs::create_directories(folder / "1", failed);
  if (failed) throw Error(folder.string() + ": cannot make this folder: " + failed.message());
  export_torchscript((folder / "1" / "model.pt").string(), spec);
  AtomicFile file((folder / "config.pbtxt").string());
  file.write(config);
  file.commit();
}

}  // namespace

std::string triton_name(const std::string& text) {
  std::string out = text;
  std::ranges::replace_if(
      out, [](unsigned char c) { return std::isalnum(c) == 0 && c != '.' && c != '-'; }, '_');
  return out.empty() ? "model" : out;
}

void export_triton(const TritonRepository& to, const ExportSpec& spec) {
  const std::string model = triton_name(to.run), by_index = model + "_index";
  refuse_others(to, model, by_index);
  for (const std::string& name : {model, by_index})
    refuse_later_versions(fs::path(to.folder) / name);
  ExportSpec lists = spec;
  lists.list_length = std::min<int64_t>(to.list_length, spec.items->size());
  const std::string length = std::to_string(lists.list_length);
  lists.forward = Forward::kListsOfIds;
  write_one(
      fs::path(to.folder) / model,
      config_text(to.run, model, /*batched=*/false, {"INPUT__0", "TYPE_STRING", "-1"},
                  {"OUTPUT__0", "TYPE_STRING", "-1"}, {"OUTPUT__1", "TYPE_FP32", "-1, " + length}),
      lists);
  lists.forward = Forward::kListsOfIndices;
  write_one(fs::path(to.folder) / by_index,
            config_text(to.run, by_index, /*batched=*/true, {"INPUT__0", "TYPE_INT64", "1"},
                        {"OUTPUT__0", "TYPE_INT64", length}, {"OUTPUT__1", "TYPE_FP32", length}),
            lists);
}

}  // namespace latent
