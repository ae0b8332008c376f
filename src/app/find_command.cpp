// find: items of an exported model by a part of their title or id.
#include <algorithm>

#include "src/app/commands.h"
#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/utf8.h"
#include "src/serve/served_model.h"

namespace latent {

namespace {

/// Indices of the items whose title or id holds `text`, small and capital letters alike: the item
/// of that very id first, then in the order of their indices.
std::vector<int32_t> items_that_hold(const ServedModel& model, const std::string& text) {
  const std::string wanted = lower_case(text);
  const int32_t exact = model.find_item(text);
  std::vector<int32_t> out;
  if (exact >= 0) out.push_back(exact);
  for (int32_t item = 0; item < model.item_ids().size(); ++item) {
    if (item == exact) continue;
    const bool holds = lower_case(model.title(item)).find(wanted) != std::string::npos ||
                       lower_case(model.item_ids()[item]).find(wanted) != std::string::npos;
    if (holds) out.push_back(item);
  }
  return out;
}

}  // namespace

int run_find(int argc, char** argv) {
  CommandLine line("find MODEL TEXT [options]",
                   "Prints the items whose title or id holds TEXT, capitals or not: id and title.",
                   "latent find runs/movielens/model.pt \"star wars\"");
  line.add()("limit", "at most so many", cxxopts::value<int64_t>()->default_value("20"), "N")(
      "json", "print JSON");
  if (!line.parse(argc, argv, {"MODEL", "TEXT"}, 2)) return 0;
  const auto limit = line.get<int64_t>("limit");
  if (limit < 1) throw UsageError("--limit must be at least 1");
  const ServedModel model(model_path(line.word(0)));
  tell_if_unfinished(model);
  std::vector<int32_t> found = items_that_hold(model, line.word(1));
  if (found.empty()) say("no item's title or id holds " + in_quotes(line.word(1)));
  if (const auto more = static_cast<int64_t>(found.size()) - limit; more > 0) {
    say("and " + std::to_string(more) + " more; --limit N shows more than " +
        std::to_string(limit));
    found.resize(static_cast<size_t>(limit));
  }
  auto list = nlohmann::ordered_json::array();
  std::string text;
  for (const int32_t item : found) {
    const std::string id(model.item_ids()[item]), title(model.title(item));
    list.push_back({{"item", id}});
    if (!title.empty()) list.back()["title"] = title;
    text += id + (title.empty() ? "" : "  " + title) + "\n";
  }
  if (line.has("json")) {
    print(list.dump());
  } else if (!text.empty()) {
    print(text);
  }
  return 0;
}

}  // namespace latent
