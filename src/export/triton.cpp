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

/// Text of model_config.proto. Copies of a model on one device share its tables: nothing in it
/// changes.
std::string config_text(const std::string& name, bool batched, const Port& in, const Port& items,
                        const Port& scores) {
  return "# Written by latent export --format triton.\n"
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
void refuse_others(const TritonRepository& to, const std::string& by_index) {
  const fs::path folder = to.folder;
  const auto refuse = [&](const std::string& taken) {
    throw Error((folder / taken).string() + " is another run's model; export " + to.model +
                " to another folder");
  };
  if (fs::exists(folder / by_index) && !fs::exists(folder / to.model)) refuse(by_index);
  static constexpr std::string_view kIndex = "_index";
  if (to.model.ends_with(kIndex) &&
      fs::exists(folder / to.model.substr(0, to.model.size() - kIndex.size())))
    refuse(to.model);
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
  const std::string by_index = to.model + "_index";
  refuse_others(to, by_index);
  ExportSpec lists = spec;
  lists.list_length = std::min<int64_t>(to.list_length, spec.items->size());
  const std::string length = std::to_string(lists.list_length);
  lists.forward = Forward::kListsOfIds;
  write_one(
      fs::path(to.folder) / to.model,
      config_text(to.model, /*batched=*/false, {"INPUT__0", "TYPE_STRING", "-1"},
                  {"OUTPUT__0", "TYPE_STRING", "-1"}, {"OUTPUT__1", "TYPE_FP32", "-1, " + length}),
      lists);
  lists.forward = Forward::kListsOfIndices;
  write_one(fs::path(to.folder) / by_index,
            config_text(by_index, /*batched=*/true, {"INPUT__0", "TYPE_INT64", "1"},
                        {"OUTPUT__0", "TYPE_INT64", length}, {"OUTPUT__1", "TYPE_FP32", length}),
            lists);
}

}  // namespace latent
