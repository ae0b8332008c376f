// Answers from the library, for tests that compare: latent_answer_questions MODEL; a question a
// line on standard input, words between tabs, lists between commas; an answer a line, as JSON.
#include <latent/serve.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Words = std::vector<std::string>;

Words split(const std::string& text, char at) {
  Words out;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, at);) out.push_back(word);
  return out;
}

nlohmann::json to_json(const std::vector<latent::serve::Scored>& list) {
  auto out = nlohmann::json::array();
  for (const auto& [id, score] : list) out.push_back({id, score});
  return out;
}

nlohmann::json answer(const latent::serve::Model& model, const Words& w) {
  const auto k = [&](size_t n) { return std::stoll(w.at(n)); };
  if (w[0] == "recommend") {  // USER K all|unseen EXCLUDE ONLY
    latent::serve::Options options{.exclude_seen = w.at(3) == "unseen"};
    if (w.size() > 4) options.exclude = split(w[4], ',');
    if (w.size() > 5) options.only = split(w[5], ',');
    return to_json(model.recommend(w.at(1), k(2), options));
  }
  if (w[0] == "similar_items") return to_json(model.similar_items(w.at(1), k(2)));
  if (w[0] == "similar_users") return to_json(model.similar_users(w.at(1), k(2)));
  if (w[0] == "predict") return model.predict(w.at(1), w.at(2));
  if (w[0] == "rank") return to_json(model.rank(w.at(1), split(w.at(2), ',')));
  if (w[0] == "popular") return to_json(model.popular(w.at(1), k(2)));
  std::vector<latent::serve::Interaction> history;  // fold_in K ITEMS RATINGS
  const Words items = split(w.at(2), ','), ratings = split(w.at(3), ',');
  for (size_t n = 0; n < items.size(); ++n) history.push_back({items[n], std::stod(ratings.at(n))});
  return to_json(model.recommend(model.fold_in(history), k(1)));
}

}  // namespace

int main(int, char** argv) {
  const latent::serve::Model model(argv[1]);
  for (std::string line; std::getline(std::cin, line);) {
    try {
      std::cout << answer(model, split(line, '\t')).dump() << "\n";
    } catch (const latent::serve::Error& e) {
      std::cout << nlohmann::json{{"error", e.what()}}.dump() << "\n";
    }
  }
}
