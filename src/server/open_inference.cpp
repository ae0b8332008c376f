// The Open Inference Protocol, version 2 (KServe), with its binary tensors: what Triton's clients
// speak. Strings are BYTES.
#include <limits>

#include "src/base/version.h"
#include "src/server/api_parts.h"
#include "src/server/tensors.h"

namespace latent {

namespace {

/// What is asked for, by the name under /v2/models: NAME itself recommends.
enum class Kind { kRecommend, kSimilar, kScore };
struct KindRow {
  const char* suffix;
  Kind kind;
};
constexpr KindRow kKinds[] = {
    {"", Kind::kRecommend}, {"_similar", Kind::kSimilar}, {"_score", Kind::kScore}};

Json description(const std::string& name, Kind kind) {
  Json out = {{"name", name}, {"versions", {"1"}}, {"platform", "latent"}};
  const Json k = tensor("k", "INT64", {1}), scores = tensor("score", "FP32", {-1, -1});
  switch (kind) {
    case Kind::kRecommend:
      out["inputs"] = {tensor("user", "BYTES", {-1}), k};
      out["outputs"] = {tensor("item", "BYTES", {-1, -1}), scores};
      break;
    case Kind::kSimilar:
      out["inputs"] = {tensor("item", "BYTES", {-1}), k};
      out["outputs"] = {tensor("item", "BYTES", {-1, -1}), scores};
      break;
    default:
      out["inputs"] = {tensor("user", "BYTES", {-1}), tensor("item", "BYTES", {-1})};
      out["outputs"] = {tensor("score", "FP32", {-1})};
  }
  return out;
}

/// Rows of one length, padded with "" and the lowest number, since JSON knows no infinity.
void add_lists(TensorOutputs& outputs, const std::vector<ScoredIds>& lists) {
  size_t longest = 0;
  for (const ScoredIds& list : lists) longest = std::max(longest, list.size());
  std::vector<std::string> items;
  std::vector<float> scores;
  for (const ScoredIds& list : lists) {
    for (size_t n = 0; n < longest; ++n) {
      items.push_back(n < list.size() ? list[n].first : "");
      scores.push_back(n < list.size() ? static_cast<float>(list[n].second)
                                       : std::numeric_limits<float>::lowest());
    }
  }
  const std::vector<int64_t> shape = {std::ssize(lists), static_cast<int64_t>(longest)};
  outputs.add_texts("item", shape, items);
  outputs.add_scores("score", shape, scores);
}

HttpResponse inferred(const HttpRequest& request, const ServedModel& model,
                      const ApiOptions& options, const std::string& name, Kind kind) {
  const TensorInputs inputs(request, options.limits);
  inputs.take_only(kind == Kind::kRecommend ? std::set<std::string>{"user", "k"}
                   : kind == Kind::kSimilar ? std::set<std::string>{"item", "k"}
                                            : std::set<std::string>{"user", "item"});
  TensorOutputs outputs(inputs.said());
  const auto require_users = [&](const std::vector<std::string>& users) {
    for (const std::string& user : users) require_user(model, user);
  };
  const auto require_items = [&](const std::vector<std::string>& items) {
    for (const std::string& item : items) require_item(model, item);
  };
  if (kind == Kind::kRecommend) {
    const auto users = inputs.texts("user");
    require_users(users);
    require_room(options.limits, model, std::ssize(users), inputs.k());
    add_lists(outputs, model.recommend(users, inputs.k(), /*exclude_seen=*/true, {},
                                       /*threads=*/1));
  } else if (kind == Kind::kSimilar) {
    if (model.factors() == 0) throw HttpError(400, "this model has no factors");
    const auto items = inputs.texts("item");
    require_items(items);
    require_room(options.limits, model, std::ssize(items), inputs.k());
    std::vector<ScoredIds> lists;
    for (const std::string& item : items) lists.push_back(model.similar_items(item, inputs.k()));
    add_lists(outputs, lists);
  } else {
    const auto users = inputs.texts("user"), items = inputs.texts("item");
    if (users.size() != items.size())
      throw HttpError(400, "user and item must be of one length");
    require_users(users);
    require_items(items);
    std::vector<float> scores;
    for (size_t n = 0; n < users.size(); ++n)
      scores.push_back(static_cast<float>(model.predict(users[n], items[n])));
    outputs.add_scores("score", {std::ssize(scores)}, scores);
  }
  return outputs.response(name);
}

}  // namespace

HttpResponse answer_inference(const HttpRequest& request, const ServedModel& model,
                              const ApiOptions& options) {
  if (request.path == "/v2" || request.path == "/v2/")
    return {200, Json{{"name", "latent"},
                      {"version", kVersion},
                      {"extensions", {"binary_tensor_data"}}}
                     .dump()};
  for (const auto& [suffix, kind] : kKinds) {
    const std::string name = options.name + suffix;
    std::string rest = request.path;
    const std::string root = "/v2/models/" + name;
    if (!rest.starts_with(root)) continue;
    rest = rest.substr(root.size());
    if (rest.starts_with("/versions/1")) rest = rest.substr(std::string("/versions/1").size());
    const bool post = request.method == "POST";
    if (!post && (rest.empty() || rest == "/")) return {200, description(name, kind)
                         .dump(-1, ' ', false, Json::error_handler_t::replace)};
    if (!post && rest == "/ready") return {200, R"({"ready":true})"};
    if (post && rest == "/infer") return inferred(request, model, options, name, kind);
  }
  throw HttpError(404, "there is no such path; the model is /v2/models/" + options.name);
}

}  // namespace latent
