// Asks the library of each model file whose path comes in on standard input, and prints a line:
// "refused" and why, or "answers" and a number made of all of them. For scripts/damage_models.py.
#include <latent/serve.h>

#include <cinttypes>
#include <cstdio>
#include <functional>
#include <iostream>
#include <string>

namespace {

using latent::serve::Model;
using latent::serve::Scored;

struct Refused {
  std::string why;
};

/// All answers of a model as text.
class Answers {
 public:
  explicit Answers(const std::string& path) : path_(path) {}

  void add(const std::vector<Scored>& list) {
    for (const Scored& s : list) text_ += s.id + " " + std::to_string(s.score) + "\n";
  }
  /// What cannot be asked of a model of this kind is an answer too; damage is none.
  void trying(const std::function<void()>& ask) {
    try {
      ask();
    } catch (const latent::serve::Error& e) {
      std::string said = e.what();
      if (said.find("damaged") != std::string::npos) throw Refused{said};
      if (said.starts_with(path_)) said.replace(0, path_.size(), "");
      text_ += said;
    }
  }
  uint64_t number() const {
    uint64_t hash = 1469598103934665603u;
    for (const char c : text_) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    return hash;
  }

 private:
  std::string path_, text_;
};

uint64_t ask_all(const std::string& path, bool map) {
  const Model model(path, map);
  Answers out(path);
  std::vector<std::string> users;
  for (int64_t u = 0; u < model.users(); ++u) users.emplace_back(model.user_id(u));
  for (size_t u = 0; u < users.size(); u += 3) {  // some will do: tables are checked as a whole
    const std::string& user = users[u];
    out.trying([&] { out.add(model.recommend(user, 5)); });
    out.trying([&] { out.add(model.recommend(user, 5, {.exclude_seen = false})); });
    out.trying([&] { out.add(model.similar_users(user, 3)); });
    out.trying([&] { out.add(model.popular(user, 4)); });
  }
  for (int64_t i = 0; i < model.items(); i += 4) {
    const std::string item(model.item_id(i));
    const std::string& user = users[static_cast<size_t>(i) % users.size()];
    out.trying([&] { out.add(model.similar_items(item, 3)); });
    out.trying([&] { out.add({{std::string(model.title(item)), model.predict(user, item)}}); });
    out.trying([&] { out.add(model.explain(user, item, 3).items); });
    out.trying([&] { out.add(model.recommend(model.fold_in({{item, 3.0}}), 3)); });
  }
  return out.number();
}

}  // namespace

int main() {
  for (std::string path; std::getline(std::cin, path);) {
    try {
      const uint64_t copied = ask_all(path, /*map=*/false), mapped = ask_all(path, /*map=*/true);
      std::printf("answers %016" PRIx64 " %016" PRIx64 "\n", copied, mapped);
    } catch (const Refused& refused) {
      std::printf("refused %s\n", refused.why.c_str());
    } catch (const latent::serve::Error& e) {
      std::printf("refused %s\n", e.what());
    }
    std::fflush(stdout);
  }
}
