// predict, recommend, similar: what an exported model answers.
#include <cstdio>

#include "src/app/commands.h"
#include "src/base/error.h"
#include "src/serve/served_model.h"

namespace latent {

namespace {

int64_t count_option(const CommandLine& line) {
  const auto k = line.get<int64_t>("k");
  if (k < 1) throw UsageError("-k must be at least 1");
  return k;
}

void print_scored(const ScoredIds& scored, bool json) {
  if (json) {
    auto out = nlohmann::ordered_json::array();
    for (const auto& [id, score] : scored) out.push_back({{"item", id}, {"score", score}});
    return print(out.dump());
  }
  std::string text;
  for (const auto& [id, score] : scored) {
    char number[40];
    std::snprintf(number, sizeof number, "%10.5f  ", score);
    text += number + id + "\n";
  }
  if (!text.empty()) print(text);
}

}  // namespace

int run_predict(int argc, char** argv) {
  CommandLine line("predict MODEL USER ITEM [options]", "Prints the model's score of a pair.", "latent predict runs/quickstart/model.pt u79354815 b14275065");
  line.add()("unknown", "unknown ids: 'error', or 'known-parts' to score from what is known", cxxopts::value<std::string>()->default_value("error"), "WHAT")("json", "print JSON");
  if (!line.parse(argc, argv, {"MODEL", "USER", "ITEM"}, 3)) return 0;
  const std::string unknown = line.get<std::string>("unknown");
  if (unknown != "error" && unknown != "known-parts") throw UsageError("--unknown takes error or known-parts, not " + in_quotes(unknown));
  const ServedModel model(model_path(line.word(0)));
  const double score = unknown == "error" ? model.predict(line.word(1), line.word(2)) : model.predict_known_parts(line.word(1), line.word(2));
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", score);
  print(line.has("json") ? nlohmann::ordered_json({{"user", line.word(1)}, {"item", line.word(2)}, {"score", score}}).dump() : text);
  return 0;
}

int run_recommend(int argc, char** argv) {
  CommandLine line("recommend MODEL --user ID [options]", "Prints the best items for a user, score and id, best first.",
                   "latent recommend runs/quickstart/model.pt --user u79354815 -k 10");
  line.add()("user", "the user's id", cxxopts::value<std::string>(), "ID")("k", "how many", cxxopts::value<int64_t>()->default_value("10"), "N")(
      "include-seen", "also items that the user has in train or valid")("json", "print JSON");
  if (!line.parse(argc, argv, {"MODEL"}, 1)) return 0;
  if (!line.has("user")) throw UsageError("missing --user ID; latent recommend --help shows how");
  const int64_t k = count_option(line);
  print_scored(ServedModel(model_path(line.word(0))).recommend(line.get<std::string>("user"), k, !line.has("include-seen")), line.has("json"));
  return 0;
}

int run_similar(int argc, char** argv) {
  CommandLine line("similar MODEL --item ID [options]", "Prints the items whose factors are nearest by cosine.", "latent similar runs/quickstart/model.pt --item b14275065");
  line.add()("item", "the item's id", cxxopts::value<std::string>(), "ID")("k", "how many", cxxopts::value<int64_t>()->default_value("10"), "N")(
      "include-self", "list the item itself first, as implicit does")("json", "print JSON");
  if (!line.parse(argc, argv, {"MODEL"}, 1)) return 0;
  if (!line.has("item")) throw UsageError("missing --item ID; latent similar --help shows how");
  const int64_t k = count_option(line);
  const bool self = line.has("include-self");
  const auto item = line.get<std::string>("item");
  ScoredIds scored = ServedModel(model_path(line.word(0))).similar_items(item, self ? k - 1 : k);
  if (self) scored.insert(scored.begin(), {item, 1.0});
  print_scored(scored, line.has("json"));
  return 0;
}

}  // namespace latent
