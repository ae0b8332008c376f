#include "src/config/mf_settings.h"

namespace latent {

namespace {

constexpr int64_t kMostOfTheirOwn = 16;  // negatives a positive, under train.negatives_shared auto

}  // namespace

bool is_cosine(const MfOptions& options) {
  if (options.score != "auto") return options.score == "cosine";
  const std::string& loss = options.loss;
  return loss != "mse" && loss != "bce" && loss != "bpr" && loss != "hinge";
}

bool has_negatives(const MfOptions& options) { return options.loss != "directau"; }

double margin_of(const MfOptions& options) {
  return options.margin.value_or(options.loss == "hinge" ? 1 : 0.9);
}

double negative_weight_of(const MfOptions& options) {
  return options.negative_weight.value_or(options.loss == "ccl" ? 150 : 1);
}

bool shares_negatives(const TrainOptions& options) {
  if (options.negative_sampling == "in_batch") return true;
  if (options.negatives_shared != "auto") return options.negatives_shared == "true";
  return options.negatives > kMostOfTheirOwn;
}

Complaints wrong_mf(const RunConfig& config) {
  const TrainOptions& train = config.train;
  Complaints out;
  if (config.mf.bias && is_cosine(config.mf)) {
    const std::string why = config.mf.score == "auto"
                                ? "mf.score is cosine for mf.loss = " + config.mf.loss
                                : "mf.score is cosine";
    out.push_back({"mf.bias", "mf.bias is for mf.score = dot, but " + why +
                                  "; set mf.score to dot, or leave mf.bias out"});
  }
  if (!has_negatives(config.mf)) return out;
  const bool in_batch = train.negative_sampling == "in_batch";
  if (in_batch && train.negatives_shared == "false")
    out.push_back({"train.negatives_shared",
                   "train.negatives_shared = false, but with train.negative_sampling = in_batch "
                   "the whole batch shares its items; leave it out"});
  if (in_batch && train.batch_size == AutoCount(1))
    out.push_back({"train.batch_size", "train.negative_sampling = in_batch needs a "
                                       "train.batch_size above 1: other positives are the "
                                       "negatives"});
  return out;
}

}  // namespace latent
