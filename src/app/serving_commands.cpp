// predict, recommend, similar: what an exported model answers.
#include <algorithm>
#include <cstdio>
#include <functional>

#include "src/app/batch.h"
#include "src/app/commands.h"
#include "src/base/error.h"
#include "src/base/log.h"
#include "src/config/readers.h"
#include "src/serve/served_model.h"

namespace latent {

namespace {

int64_t count_option(const CommandLine& line) {
  const auto k = line.get<int64_t>("k");
  if (k < 1) throw UsageError("-k must be at least 1");
  return k;
}

/// The value of --unknown, one of `values`.
Unknown unknown_of(const CommandLine& line, const std::vector<std::string>& values) {
  const auto text = line.get<std::string>("unknown");
  if (std::ranges::count(values, text) == 0)
    throw UsageError("--unknown takes " + listed(values) + ", not " + in_quotes(text));
  return unknown_option(text);
}

const std::vector<std::string> kForLists = {"error", "popular", "skip"};
const std::vector<std::string> kForScores = {"error", "known-parts", "popular", "skip"};

void print_scored(const ServedModel& model, const ScoredIds& scored, bool json,
                  const std::string& kind = "item") {
  auto list = nlohmann::ordered_json::array();
  std::string text;
  for (const auto& [id, score] : scored) {
    const std::string title(kind == "item" ? model.title(id) : "");
    list.push_back({{kind, id}, {"score", score}});
    if (!title.empty()) list.back()["title"] = title;
    char number[40];
    std::snprintf(number, sizeof number, "%10.5f  ", score);
    text += number + id + (title.empty() ? "" : "  " + title) + "\n";
  }
  if (json) {
    print(list.dump());
  } else if (!text.empty()) {
    print(text);
  }
}

void print_none(const std::string& why, bool json) {
  say(why);
  if (json) print("[]");
}

/// Answers for an id of which the model knows nothing, as --unknown says; `what` names it.
void answer_unknown(const ServedModel& model, const std::string& what, Unknown unknown,
                    const std::function<ScoredIds()>& popular, bool json) {
  if (unknown == Unknown::kError)
    throw Error(model.path() + ": " + what +
                (what.starts_with("unknown")
                     ? ""
                     : "; --unknown popular lists the most popular items instead"));
  if (unknown == Unknown::kSkip) {
    return print_none(what + ": skipped", json);
  }
  say(what + ": these are the most popular items, by their rows of training");
  print_scored(model, popular(), json);
}

/// The ends of the interval that holds 90 % of ratings, by a normal distribution, on their scale.
std::pair<double, double> interval(const ServedModel& model, double score, double sd) {
  constexpr double kNinety = 1.6448536269514722;
  const auto clipped = [&](double r) {
    return std::clamp<double>(r, model.view().lowest, model.view().highest);
  };
  return {clipped(score - kNinety * sd), clipped(score + kNinety * sd)};
}

}  // namespace

int run_predict(int argc, char** argv) {
  CommandLine line("predict MODEL [USER ITEM] [options]",
                   "Prints the model's score of a pair, or writes those of a file of pairs.",
                   "latent predict runs/movielens/model.pt 7 50");
  line.add()("unknown",
             "ids that the model does not know or was not trained on: 'error', 'known-parts' or "
             "'popular' to score from what is known, 'skip'",
             cxxopts::value<std::string>()->default_value("error"), "WHAT")(
      "interval",
      "also the standard deviation of the rating, and the ends between which 90 % of ratings lie "
      "(bayesian_mf)")("pairs", "file of user,item rows", cxxopts::value<std::string>(), "FILE")(
      "json", "print JSON");
  line.add_output("with --pairs: the CSV to write (gz by name)");
  if (!line.parse(argc, argv, {"MODEL", "USER", "ITEM"}, 1)) return 0;
  const Unknown unknown = unknown_of(line, kForScores);
  if (line.has("pairs") != line.has("output"))
    throw UsageError("--pairs FILE and -o FILE go together; latent predict --help shows how");
  if (line.has("pairs") && line.has("interval"))
    throw UsageError("--interval is for one pair; score_sd of model.pt takes many");
  if (line.has("pairs") ? line.words() > 1 : line.words() < 3)
    throw UsageError("give USER and ITEM, or --pairs FILE; latent predict --help shows how");
  const ServedModel model(model_path(line.word(0)));
  tell_if_unfinished(model);
  if (line.has("pairs")) {
    predict_file(model, line.get<std::string>("pairs"), line.get<std::string>("output"),
                 unknown);
    say_wrote(line.get<std::string>("output"));
    return 0;
  }
  const std::string user = line.word(1), item = line.word(2);
  const bool stranger = model.knows_user(user) != ServedModel::Known::kYes;
  if (unknown != Unknown::kError &&
      (stranger || model.knows_item(item) != ServedModel::Known::kYes)) {
    say((stranger ? model.unknown_user(user) : model.unknown_item(item)) +
        (unknown == Unknown::kSkip ? ": skipped" : ": scored from what is known"));
    if (unknown == Unknown::kSkip) return 0;
  }
  const double score = unknown == Unknown::kError ? model.predict(user, item)
                                                  : model.predict_known_parts(user, item);
  char text[120];
  std::snprintf(text, sizeof text, "%.6g", score);
  nlohmann::ordered_json answer = {{"user", user}, {"item", item}, {"score", score}};
  if (line.has("interval")) {
    const double sd = model.predict_sd(user, item);
    const auto [low, high] = interval(model, score, sd);
    std::snprintf(text, sizeof text, "%.6g  sd %.4g, 90 %% from %.4g to %.4g", score, sd, low,
                  high);
    answer.update({{"sd", sd}, {"low", low}, {"high", high}});
  }
  if (line.has("json")) {
    print(answer.dump(-1, ' ', false,
                      nlohmann::json::error_handler_t::replace));  // an unknown id may be any bytes
  } else {
    print(text);
  }
  return 0;
}

int run_recommend(int argc, char** argv) {
  CommandLine line(
      "recommend MODEL --user ID|--users FILE [options]",
      "Prints the best items for a user, score and id, best first; or writes those of many users.",
      "latent recommend runs/movielens/model.pt --user 7 -k 10");
  line.add()("user", "the user's id", cxxopts::value<std::string>(), "ID")(
      "users", "file of user ids, one a line, or all", cxxopts::value<std::string>(), "FILE|all")(
      "k", "how many", cxxopts::value<int64_t>()->default_value("10"), "N")(
      "include-seen", "also items that the user has")(
      "unknown",
      "users that the model does not know or was not trained on: 'error', 'popular' for the most "
      "popular items, 'skip' ('all' skips them)",
      cxxopts::value<std::string>()->default_value("error"), "WHAT")(
      "exclude", "file of item ids never to recommend", cxxopts::value<std::string>(), "FILE")(
      "only", "file of item ids to choose from", cxxopts::value<std::string>(), "FILE")(
      "titles", "with --users: a column of titles")("json", "print JSON");
  line.add_output("with --users: the CSV to write (gz by name)");
  if (!line.parse(argc, argv, {"MODEL"}, 1)) return 0;
  if (line.has("user") == line.has("users"))
    throw UsageError(
        "give --user ID, or --users FILE with -o FILE; latent recommend --help shows how");
  if (line.has("users") != line.has("output"))
    throw UsageError("--users FILE and -o FILE go together; latent recommend --help shows how");
  const int64_t k = count_option(line);
  const ServedModel model(model_path(line.word(0)));
  tell_if_unfinished(model);
  const auto file = [&](const char* name) {
    return line.has(name) ? line.get<std::string>(name) : std::string();
  };
  if ((file("users") == "-") + (file("exclude") == "-") + (file("only") == "-") > 1)
    throw UsageError("standard input (-) can be only one of --users, --exclude and --only");
  const std::vector<char> allowed = allowed_items(model, {file("exclude"), file("only")});
  const bool exclude_seen = !line.has("include-seen");
  const Unknown unknown = unknown_of(line, kForLists);
  if (exclude_seen && model.seen().item.empty())
    say(line.word(0) + ": holds no histories, so the lists may hold what a user has");
  if (line.has("users")) {
    recommend_file(model,
                   {line.get<std::string>("users"), line.get<std::string>("output"), k,
                    exclude_seen, line.has("titles"),
                    line.has("unknown") ? std::optional(unknown) : std::nullopt},
                   allowed);
    say_wrote(line.get<std::string>("output"));
    return 0;
  }
  const auto user = line.get<std::string>("user");
  const auto popular = [&] { return model.popular(user, k, exclude_seen, allowed); };
  if (model.knows_user(user) != ServedModel::Known::kYes)
    answer_unknown(model, model.unknown_user(user), unknown, popular, line.has("json"));
  else if (const ScoredIds best = model.recommend(user, k, exclude_seen, allowed); best.empty())
    print_none("nothing is left to recommend to user " + in_quotes(user), line.has("json"));
  else
    print_scored(model, best, line.has("json"));
  return 0;
}

int run_similar(int argc, char** argv) {
  CommandLine line("similar MODEL --item ID|--user ID [options]",
                   "Prints the items (or users) whose factors are nearest by cosine.",
                   "latent similar runs/movielens/model.pt --item 50");
  line.add()("item", "the item's id", cxxopts::value<std::string>(), "ID")(
      "user", "the user's id", cxxopts::value<std::string>(), "ID")(
      "k", "how many", cxxopts::value<int64_t>()->default_value("10"), "N")(
      "include-self", "list the item or user itself first, as implicit does")(
      "unknown",
      "an id that the model does not know or was not trained on: 'error', 'popular' for the most "
      "popular items, 'skip'",
      cxxopts::value<std::string>()->default_value("error"), "WHAT")("json", "print JSON");
  if (!line.parse(argc, argv, {"MODEL"}, 1)) return 0;
  if (line.has("item") == line.has("user"))
    throw UsageError("give --item ID or --user ID; latent similar --help shows how");
  const std::string kind = line.has("item") ? "item" : "user";
  const int64_t k = count_option(line);
  const bool self = line.has("include-self");
  const auto id = line.get<std::string>(kind);
  const ServedModel model(model_path(line.word(0)));
  tell_if_unfinished(model);
  const Unknown unknown = unknown_of(line, kForLists);
  const bool of_item = kind == "item";
  if ((of_item ? model.knows_item(id) : model.knows_user(id)) != ServedModel::Known::kYes) {
    answer_unknown(model, of_item ? model.unknown_item(id) : model.unknown_user(id), unknown,
                   [&] { return model.popular(of_item ? "" : id, k, !of_item); }, line.has("json"));
    return 0;
  }
  const int64_t others = self ? k - 1 : k;
  ScoredIds scored =
      of_item ? model.similar_items(id, others) : model.similar_users(id, others);
  if (self) scored.insert(scored.begin(), {id, 1.0});
  print_scored(model, scored, line.has("json"), kind);
  return 0;
}

int run_rank(int argc, char** argv) {
  CommandLine line("rank MODEL --user ID ITEM... [options]",
                   "Prints those items with the user's scores, best first.",
                   "latent rank runs/movielens/model.pt --user 7 50 12");
  line.add()("user", "the user's id", cxxopts::value<std::string>(), "ID")(
      "unknown",
      "ids that the model does not know or was not trained on: 'error', 'popular' to rank a user's "
      "items by popularity, 'skip'; an untrained item is left out",
      cxxopts::value<std::string>()->default_value("error"), "WHAT")("json", "print JSON");
  if (!line.parse(argc, argv, {"MODEL", "ITEM..."}, 2)) return 0;
  if (!line.has("user")) throw UsageError("missing --user ID; latent rank --help shows how");
  const Unknown unknown = unknown_of(line, kForLists);
  const auto user = line.get<std::string>("user");
  const ServedModel model(model_path(line.word(0)));
  tell_if_unfinished(model);
  std::vector<std::string> items;
  std::vector<char> chosen(model.item_ids().size());
  for (size_t n = 1; n < line.words(); ++n) {
    const std::string& item = line.word(n);
    if (model.knows_item(item) == ServedModel::Known::kYes) {
      items.push_back(item);
      chosen[model.find_item(item)] = 1;
    } else if (unknown == Unknown::kError && model.knows_item(item) == ServedModel::Known::kNo) {
      throw Error(model.path() + ": " + model.unknown_item(item));
    } else {
      say(model.unknown_item(item) + ": left out");
    }
  }
  if (model.knows_user(user) != ServedModel::Known::kYes) {
    answer_unknown(model, model.unknown_user(user), unknown,
                   [&] { return model.popular(user, std::ssize(items), false, chosen); },
                   line.has("json"));
    return 0;
  }
  print_scored(model, model.rank_items(user, items), line.has("json"));
  return 0;
}

}  // namespace latent
