// recommend: the best items for a user of the model, for somebody new, for many users.
#include <algorithm>
#include <optional>

#include "src/app/answers.h"
#include "src/app/history.h"
#include "src/base/error.h"
#include "src/base/log.h"

namespace latent {

namespace {

void add_options(CommandLine& line) {
  line.add()("user", "the user's id", cxxopts::value<std::string>(), "ID")(
      "users", "file of user ids, one a line, or all", cxxopts::value<std::string>(), "FILE|all")(
      "k", "how many", cxxopts::value<int64_t>()->default_value("10"), "N")(
      "include-seen", "also items that the user has")(
      "unknown",
      "users that the model does not know or was not trained on: 'error', 'popular' for the most "
      "popular items, 'skip' ('all' skips them); of --items and --history, items",
      cxxopts::value<std::string>()->default_value("error"), "WHAT")(
      "exclude", "file of item ids never to recommend", cxxopts::value<std::string>(), "FILE")(
      "only", "file of item ids to choose from", cxxopts::value<std::string>(), "FILE")(
      "titles", "with --users: a column of titles")("json", "print JSON");
  add_history_options(line);
  line.add_output("with --users: the CSV to write (gz by name)");
}

void require_one_source(const CommandLine& line) {
  if (line.has("user") + line.has("users") + line.has("items") + line.has("history") != 1)
    throw UsageError("give --user ID, or --items LIST or --history FILE of somebody new, or "
                     "--users FILE with -o FILE; latent recommend --help shows how");
  if (line.has("users") != line.has("output"))
    throw UsageError("--users FILE and -o FILE go together; latent recommend --help shows how");
  int on_standard_input = 0;
  for (const char* name : {"users", "history", "exclude", "only"})
    on_standard_input += line.has(name) && line.get<std::string>(name) == "-";
  if (on_standard_input > 1)
    throw UsageError(
        "standard input (-) can be only one of --users, --history, --exclude and --only");
}

struct Wanted {
  int64_t k;
  bool exclude_seen;
  std::vector<char> allowed;
  Unknown unknown;
  bool json;
};

void print_list(const ServedModel& model, const ScoredIds& best, const std::string& whom,
                bool json) {
  if (best.empty())
    print_none("nothing is left to recommend to " + whom, json);
  else
    print_scored(model, best, json);
}

void recommend_to_user(const ServedModel& model, const std::string& user, const Wanted& w) {
  const auto popular = [&] { return model.popular(user, w.k, w.exclude_seen, w.allowed); };
  if (model.knows_user(user) != ServedModel::Known::kYes)
    answer_unknown(model, model.unknown_user(user), w.unknown, popular, w.json);
  else
    print_list(model, model.recommend(user, w.k, w.exclude_seen, w.allowed),
               "user " + in_quotes(user), w.json);
}

void recommend_to_somebody(const ServedModel& model, const std::vector<RatedId>& history,
                           const Wanted& w) {
  const bool some = std::ranges::any_of(history, [&](const RatedId& had) {
    return model.knows_item(had.item) == ServedModel::Known::kYes;
  });
  if (!some && w.unknown != Unknown::kError) {
    answer_unknown(model, "the model was trained on no item of the history", w.unknown,
                   [&] { return model.popular("", w.k, false, w.allowed); }, w.json);
    return;
  }
  print_list(model, model.recommend(model.fold_in(history), w.k, w.exclude_seen, w.allowed),
             "somebody with those items", w.json);
}

}  // namespace

int run_recommend(int argc, char** argv) {
  CommandLine line(
      "recommend MODEL --user ID|--items LIST|--users FILE [options]",
      "Prints the best items for a user, or for somebody new by what they have, score and id, best "
      "first; or writes those of many users.",
      "latent recommend runs/movielens/model.pt --user 7 -k 10");
  add_options(line);
  if (!line.parse(argc, argv, {"MODEL"}, 1)) return 0;
  require_one_source(line);
  const int64_t k = count_option(line);
  const ServedModel model(model_path(line.word(0)));
  tell_if_unfinished(model);
  const auto file = [&](const char* name) {
    return line.has(name) ? line.get<std::string>(name) : std::string();
  };
  const Wanted wanted{k, !line.has("include-seen"),
                      allowed_items(model, {file("exclude"), file("only")}),
                      unknown_of(line, kForLists), line.has("json")};
  if (has_history(line)) {
    recommend_to_somebody(model, history_of(line, model, wanted.unknown), wanted);
    return 0;
  }
  if (wanted.exclude_seen && !model.has_histories())
    say(line.word(0) + ": holds no histories, so the lists may hold what a user has");
  if (line.has("user")) {
    recommend_to_user(model, line.get<std::string>("user"), wanted);
    return 0;
  }
  recommend_file(model,
                 {file("users"), file("output"), k, wanted.exclude_seen, line.has("titles"),
                  line.has("unknown") ? std::optional(wanted.unknown) : std::nullopt},
                 wanted.allowed);
  say_wrote(file("output"));
  return 0;
}

}  // namespace latent
