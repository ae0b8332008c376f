#include "src/app/answers.h"

#include <algorithm>
#include <cstdio>

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/config/readers.h"

namespace latent {

int64_t count_option(const CommandLine& line) {
  const auto k = line.get<int64_t>("k");
  if (k < 1) throw UsageError("-k must be at least 1");
  return k;
}

Unknown unknown_of(const CommandLine& line, const std::vector<std::string>& values) {
  const auto text = line.get<std::string>("unknown");
  if (std::ranges::count(values, text) == 0)
    throw UsageError("--unknown takes " + listed(values) + ", not " + in_quotes(text));
  return unknown_option(text);
}

const std::vector<std::string> kForLists = {"error", "popular", "skip"};
const std::vector<std::string> kForScores = {"error", "known-parts", "popular", "skip"};

void print_scored(const ServedModel& model, const ScoredIds& scored, bool json,
                  const std::string& kind) {
  auto list = nlohmann::ordered_json::array();
  std::string text;
  for (const auto& [id, score] : scored) {
    const std::string title(kind == "item" ? model.title(id) : "");
    list.push_back({{kind, id}, {"score", score}});
    if (!title.empty()) list.back()["title"] = title;
    char number[340];  // the largest double has 309 digits before the point
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

}  // namespace latent
