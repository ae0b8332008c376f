// Exported models, as those that serve them do: what is asked of damaged ones is an answer or a
// refusal.
#include <algorithm>
#include <functional>

#include "src/base/error.h"
#include "src/formats/pickle.h"
#include "src/serve/served_model.h"
#include "tests/fuzz/scratch_file.h"
#include "tests/fuzz/targets.h"

namespace latent::fuzz {

namespace {

const ScratchFile& scratch() {
  static const ScratchFile kFile;
  return kFile;
}

void append_list(std::string& out, const ScoredIds& list) {
  for (const auto& [id, score] : list) {
    out += id;
    out.append(reinterpret_cast<const char*>(&score), sizeof score);
  }
  out += "\n";
}

/// One of each kind of question, with nothing checked before. A question that the model refuses is
/// an answer like any other.
std::string answers_of(const ServedModel& model) {
  std::string out = model.kind() + " " + std::to_string(model.factors()) + "\n";
  const auto ask = [&](const std::function<void()>& question) {
    const size_t had = out.size();
    try {
      question();
    } catch (const Error& e) {
      // A damaged part ends it; "no factors" and the like do not.
      const std::string said = e.what();
      if (said.find("damaged") != std::string::npos) throw;
      out.resize(had);
      out += "refused: " + said + "\n";
    }
  };
  constexpr int32_t kUsers = 2, kList = 3;
  const std::string item = model.item_ids().size() > 0 ? std::string(model.item_ids()[0]) : "none";
  for (int32_t u = 0; u < std::min(model.user_ids().size(), kUsers); ++u) {
    const std::string user(model.user_ids()[u]);
    ask([&] { append_list(out, model.recommend(user, kList, /*exclude_seen=*/true)); });
    ask([&] { append_list(out, {{item, model.predict(user, item)}}); });
    ask([&] { append_list(out, {{item, model.predict_sd(user, item)}}); });
    ask([&] { append_list(out, model.similar_users(user, kList)); });
    ask([&] { append_list(out, model.rank_items(user, {item})); });
    ask([&] { append_list(out, model.explain(user, item).items); });
  }
  ask([&] { append_list(out, model.similar_items(item, kList)); });
  ask([&] { append_list(out, model.popular("nobody", kList, true)); });
  ask([&] { out += std::string(model.title(item)) + "\n"; });
  ask([&] { out += model.unknown_user("nobody") + "\n"; });
  ask([&] {
    const FoldedUser user = model.fold_in(std::vector<RatedId>{{item, 3.5}});
    append_values(out, user.factors);
    append_list(out, model.recommend(user, kList, /*exclude_seen=*/false));
  });
  return out;
}

}  // namespace

std::string read_model_lazily(std::string_view bytes) {
  const ServedModel model(scratch().write(bytes), Hold::kMapped);
  return answers_of(model);
}

std::string read_model(std::string_view bytes) {
  const ServedModel model(scratch().write(bytes), Hold::kCopied);
  model.check_all();
  std::string out = answers_of(model);
  for (const auto& [name, array] : model.arrays()) {
    out += name + " ";
    out.append(array.bytes().data(), array.bytes().size());
  }
  return out;
}

std::string read_pickle(std::string_view bytes) {
  std::string out;
  try {
    for (const auto& [name, value] : pickled_attributes(bytes)) out += name + "\n";
  } catch (const Error&) {
    throw;
  } catch (const std::runtime_error& e) {  // which the model's reader makes an Error
    throw Error(e.what());
  }
  return out;
}

}  // namespace latent::fuzz
