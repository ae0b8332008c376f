// inspect: what is in a model file.
#include <cstdio>

#include "src/app/commands.h"
#include "src/base/error.h"
#include "src/run/inspect.h"

namespace latent {

namespace {

using nlohmann::ordered_json;

std::string whose_code(const std::string& said) {
  if (said == "ours") return "the text that this version writes for such a model";
  if (said == "none") return "none in this file";
  return "not the text that this version writes for such a model; latent never runs it, other "
         "programs may";
}

std::string shape_text(const ordered_json& shape) {
  std::string out;
  for (const auto& extent : shape) out += (out.empty() ? "" : " x ") + extent.dump();
  return out;
}

std::string inspect_text(const ordered_json& said) {
  std::string out = said["path"].get<std::string>() + ": " + said["model"].get<std::string>() +
                    " of " + said["users"].dump() + " users, " + said["items"].dump() +
                    " items, " + said["factors"].dump() + " factors\n";
  out += "file         " + said["container"].get<std::string>() + ", format " +
         said["format"].dump() + "\n";
  out += "TorchScript  " + whose_code(said["torchscript"]) + "\n";
  if (const auto from = said.find("provenance"); from != said.end() && from->is_object())
    out += "written by   " + from->value("program", "unknown") + "\n";
  out += "\narray                   type     bytes  shape\n";
  for (const auto& array : said["arrays"]) {
    char line[160];
    std::snprintf(line, sizeof line, "%-20s %7s %9lld  %s\n",
                  array["name"].get<std::string>().substr(0, 40).c_str(),
                  array["type"].get<std::string>().c_str(),
                  static_cast<long long>(array["bytes"].get<int64_t>()),
                  shape_text(array["shape"]).c_str());
    out += line;
  }
  return out + "\nEvery array agrees with its checksum.\n";
}

}  // namespace

int run_inspect(int argc, char** argv) {
  CommandLine line("inspect MODEL [options]",
                   "Says what is in a model file, once all of it has been checked against its "
                   "checksums.",
                   "latent inspect runs/quickstart/model.pt");
  line.add()("json", "print JSON");
  if (!line.parse(argc, argv, {"MODEL"}, 1)) return 0;
  const auto said = inspect_model(model_path(line.word(0)));
  print(line.has("json") ? said.dump(2, ' ', false, ordered_json::error_handler_t::replace)
                         : inspect_text(said));
  return 0;
}

}  // namespace latent
