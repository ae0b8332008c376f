// What a model file says of users that it does not hold: which objective their vectors minimise,
// the items as they are. docs/formats.md describes it as the object fold_in.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace latent {

/// scale (per_item n + constant)^power times the squares of a vector, for a history of n items.
struct FoldInPenalty {
  double scale = 0, per_item = 0, constant = 1, power = 1;
  double of(double n) const;
};

struct FoldInSpec {
  enum Objective {
    kNone,          ///< nothing is known, or there is nothing to fold in
    kLeastSquares,  ///< sum over the history of weight (target - score)^2, and penalties
    kDraws,         ///< that of each draw, with the draw's own noise and normal prior
    kSum,           ///< none: the vector is the sum of the items' ones
    kLoss,          ///< a loss of the history's scores against those of other items, and a penalty
  };
  Objective objective = kNone;
  FoldInPenalty factors;  ///< of the vector
  FoldInPenalty bias;     ///< of the user's bias
  bool has_bias = false;

  /// Least squares: the ratings, of which mean, item's bias and implicit part are taken off; else
  /// every target is 1.
  bool ratings = false;
  /// Least squares: the weight of score^2 of every item of the catalogue.
  double every_pair = 0;
  /// Least squares: an item of the history counts confidence |rating| in all (Hu et al., 2008), or
  /// confidence where it is not weighted; 0: it counts 1 beside every_pair.
  double confidence = 0;
  bool weighted = false;
  double liked = 1;  ///< the rating of an item that is given without one

  /// Of kLoss, a name of fold_losses.h; its constants, those that it has.
  std::string loss;
  double tau = 1, tau2 = 1, margin = 1, negative_weight = 1;
  bool cosine = false;             ///< scores are cosines; of kSum: the sum has length 1
  bool popular_negatives = false;  ///< other items count by their rows of training, else alike

  /// Whether it looks at the ratings of a history.
  bool reads_ratings() const { return ratings || weighted || objective == kDraws; }
};

/// "least_squares", "draws", "sum", "loss"; "" for kNone.
const char* name_of(FoldInSpec::Objective objective);

/// As an object of the manifest, and back; fold_in_spec() throws std::runtime_error for what is
/// none.
nlohmann::ordered_json to_json(const FoldInSpec& spec);
FoldInSpec fold_in_spec(const nlohmann::json& said);

}  // namespace latent
