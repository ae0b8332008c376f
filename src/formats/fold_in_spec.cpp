#include "src/formats/fold_in_spec.h"

#include <cmath>
#include <stdexcept>

namespace latent {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr FoldInSpec::Objective kObjectives[] = {FoldInSpec::kLeastSquares, FoldInSpec::kDraws,
                                                 FoldInSpec::kSum, FoldInSpec::kLoss};

ordered_json to_json(const FoldInPenalty& p) {
  return {{"scale", p.scale},
          {"per_item", p.per_item},
          {"constant", p.constant},
          {"power", p.power}};
}

/// A number from 0 on: nothing here is ever below.
double number_in(const json& object, const char* name, double otherwise) {
  if (!object.contains(name)) return otherwise;
  const double value = object[name].get<double>();
  if (!std::isfinite(value) || value < 0)
    throw std::runtime_error(std::string("its fold_in has a wrong ") + name);
  return value;
}

/// Whether it is the second of two words; the first where nothing is said.
bool second_of(const json& object, const char* name, const char* first, const char* second) {
  if (!object.contains(name)) return false;
  const auto word = object[name].get<std::string>();
  if (word != first && word != second)
    throw std::runtime_error(std::string("its fold_in has a wrong ") + name);
  return word == second;
}

FoldInPenalty penalty_in(const json& object, const char* name) {
  FoldInPenalty out;
  if (!object.contains(name)) return out;
  const json& said = object[name];
  if (!said.is_object()) throw std::runtime_error("its fold_in has a wrong penalty");
  out.scale = number_in(said, "scale", out.scale);
  out.per_item = number_in(said, "per_item", out.per_item);
  out.constant = number_in(said, "constant", out.constant);
  out.power = number_in(said, "power", out.power);
  return out;
}

}  // namespace

double FoldInPenalty::of(double n) const {
  return scale * std::pow(per_item * n + constant, power);
}

const char* name_of(FoldInSpec::Objective objective) {
  switch (objective) {
    case FoldInSpec::kLeastSquares: return "least_squares";
    case FoldInSpec::kDraws: return "draws";
    case FoldInSpec::kSum: return "sum";
    case FoldInSpec::kLoss: return "loss";
    default: return "";
  }
}

ordered_json to_json(const FoldInSpec& s) {
  ordered_json out = {{"objective", name_of(s.objective)}};
  const auto put_penalty = [&] { out["factor_penalty"] = to_json(s.factors); };
  switch (s.objective) {
    case FoldInSpec::kLeastSquares:
      out["targets"] = s.ratings ? "ratings" : "ones";
      put_penalty();
      if (s.has_bias) out["bias_penalty"] = to_json(s.bias);
      out["every_pair"] = s.every_pair;
      out["confidence"] = s.confidence;
      out["weights"] = s.weighted ? "ratings" : "ones";
      break;
    case FoldInSpec::kLoss:
      out["loss"] = s.loss;
      put_penalty();
      out["tau"] = s.tau;
      out["tau2"] = s.tau2;
      out["margin"] = s.margin;
      out["negative_weight"] = s.negative_weight;
      out["negatives"] = s.popular_negatives ? "popularity" : "uniform";
      break;
    default: break;
  }
  out["score"] = s.cosine ? "cosine" : "dot";
  if (s.reads_ratings()) out["liked"] = s.liked;
  return out;
}

FoldInSpec fold_in_spec(const json& said) {
  if (!said.is_object()) throw std::runtime_error("its fold_in is no object");
  FoldInSpec out;
  const std::string objective = said.at("objective").get<std::string>();
  for (const FoldInSpec::Objective known : kObjectives) {
    if (objective == name_of(known)) out.objective = known;
  }
  if (out.objective == FoldInSpec::kNone) throw std::runtime_error("an unknown fold_in objective");
  out.factors = penalty_in(said, "factor_penalty");
  out.has_bias = said.contains("bias_penalty");
  out.bias = penalty_in(said, "bias_penalty");
  out.ratings = second_of(said, "targets", "ones", "ratings");
  out.every_pair = number_in(said, "every_pair", 0);
  out.confidence = number_in(said, "confidence", 0);
  out.weighted = second_of(said, "weights", "ones", "ratings");
  if (said.contains("liked")) out.liked = said["liked"].get<double>();
  out.loss = said.value("loss", "");
  out.tau = number_in(said, "tau", 1);
  out.tau2 = number_in(said, "tau2", 1);
  out.margin = number_in(said, "margin", 1);
  out.negative_weight = number_in(said, "negative_weight", 1);
  constexpr double kLeastTau = 1e-12;  // scores divided by less overflow
  if (!(out.tau >= kLeastTau)) throw std::runtime_error("its fold_in has a wrong tau");
  out.cosine = second_of(said, "score", "dot", "cosine");
  out.popular_negatives = second_of(said, "negatives", "uniform", "popularity");
  return out;
}

}  // namespace latent
