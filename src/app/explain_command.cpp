// explain: which of a user's items make a score what it is.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "src/app/answers.h"
#include "src/app/history.h"
#include "src/base/error.h"
#include "src/base/log.h"

namespace latent {

namespace {

using nlohmann::ordered_json;

std::string explanation_text(const ServedModel& model, const Explanation& why, size_t shown) {
  double by_items = 0;
  for (const auto& [id, adds] : why.items) by_items += adds;
  char line[160];
  const double rest = std::abs(why.rest) < 5e-6 ? 0 : why.rest;  // not -0.00000
  std::snprintf(line, sizeof line, "score %.5f: %.5f without the items, %.5f by %zu of them\n",
                why.score, rest, by_items, why.items.size());
  std::string out = line;
  for (size_t n = 0; n < shown; ++n) {
    const auto& [id, adds] = why.items[n];
    const std::string title(model.title(id));
    std::snprintf(line, sizeof line, "%10.5f  ", adds);
    out += line + id + (title.empty() ? "" : "  " + title) + "\n";
  }
  return out;
}

std::string prediction_text(double trained) {
  char line[80];
  std::snprintf(line, sizeof line, "with the vector that was trained, predict says %.5f\n", trained);
  return line;
}

ordered_json explanation_json(const ServedModel& model, const Explanation& why, size_t shown) {
  ordered_json out = {{"score", why.score}, {"rest", why.rest}, {"items", ordered_json::array()}};
  for (size_t n = 0; n < shown; ++n) {
    const auto& [id, adds] = why.items[n];
    out["items"].push_back({{"item", id}, {"contribution", adds}});
    if (const std::string title(model.title(id)); !title.empty())
      out["items"].back()["title"] = title;
  }
  return out;
}

}  // namespace

int run_explain(int argc, char** argv) {
  CommandLine line(
      "explain MODEL --user ID --item ID [options]",
      "Prints the user's items that add the most to the score of an item: the parts of the vector "
      "that the model's own objective makes of their history (export.seen).",
      "latent explain runs/movielens/model.pt --user 7 --item 50 -k 5");
  line.add()("user", "the user's id", cxxopts::value<std::string>(), "ID")(
      "item", "the item's id", cxxopts::value<std::string>(), "ID")(
      "k", "how many", cxxopts::value<int64_t>()->default_value("10"), "N")(
      "unknown", "items of --items and --history that the model does not know: 'error', 'skip'",
      cxxopts::value<std::string>()->default_value("error"), "WHAT")("json", "print JSON");
  add_history_options(line);
  if (!line.parse(argc, argv, {"MODEL"}, 1)) return 0;
  if (!line.has("item")) throw UsageError("missing --item ID; latent explain --help shows how");
  if (line.has("user") + line.has("items") + line.has("history") != 1)
    throw UsageError("give one of --user, --items and --history; latent explain --help shows how");
  const int64_t k = count_option(line);
  const Unknown unknown = unknown_of(line, {"error", "skip"});
  const ServedModel model(model_path(line.word(0)));
  tell_if_unfinished(model);
  const auto item = line.get<std::string>("item");
  const Explanation why = line.has("user")
                              ? model.explain(line.get<std::string>("user"), item)
                              : model.explain(history_of(line, model, unknown), item);
  const auto shown = static_cast<size_t>(std::min<int64_t>(k, std::ssize(why.items)));
  if (!line.has("json")) {
    print(explanation_text(model, why, shown));
    // The history's vector is not the trained one, and predict() clips.
    if (line.has("user")) print(prediction_text(model.predict(line.get<std::string>("user"), item)));
    return 0;
  }
  ordered_json out = {{"item", item}};
  if (line.has("user")) {
    const auto user = line.get<std::string>("user");
    out = {{"user", user}, {"item", item}, {"prediction", model.predict(user, item)}};
  }
  out.update(explanation_json(model, why, shown));
  print(out.dump());
  return 0;
}

}  // namespace latent
