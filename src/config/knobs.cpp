#include "src/config/knobs.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "src/base/error.h"
#include "src/config/catalog.h"
#include "src/config/data_values.h"
#include "src/config/knob_ranges.h"

namespace latent {

namespace {

using nlohmann::json;

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const ModelInfo& model : model_catalog()) names.push_back(model.name);
  return names;
}

const char* type_text(const KnobTarget& target) {
  struct Text {
    const char* operator()(bool*) const { return "true or false"; }
    const char* operator()(int64_t*) const { return "a whole number"; }
    const char* operator()(double*) const { return "a number"; }
    const char* operator()(std::string*) const { return "a string"; }
    const char* operator()(std::optional<double>*) const { return "a number or null"; }
    const char* operator()(AutoNumber*) const { return "a number or auto"; }
    const char* operator()(AutoCount*) const { return "a whole number or auto"; }
    const char* operator()(std::vector<int64_t>*) const { return "a list of whole numbers"; }
    const char* operator()(std::vector<double>*) const { return "a list of numbers or null"; }
    const char* operator()(std::vector<std::string>*) const { return "a list of strings or null"; }
    const char* operator()(std::map<std::string, double>*) const {
      return "an object of text to number, or null";
    }
  };
  return std::visit(Text{}, target);
}

bool is_whole(const json& v) {
  if (v.is_number_unsigned()) return v.get<uint64_t>() <= INT64_MAX;
  if (v.is_number_integer()) return true;
  // 1e6 is a float to JSON and a whole number to people.
  return v.is_number_float() && std::floor(v.get<double>()) == v.get<double>() &&
         std::abs(v.get<double>()) < 9e15;
}

int64_t whole(const json& v) {
  return v.is_number_float() ? static_cast<int64_t>(v.get<double>()) : v.get<int64_t>();
}

/// `v` in the form that the target stores, or a null pointer when the type does not fit.
std::optional<json> converted(const Knob& knob, const json& v) {
  if (std::holds_alternative<bool*>(knob.target))
    return v.is_boolean() ? std::optional(v) : std::nullopt;
  if (std::holds_alternative<int64_t*>(knob.target)) {
    return is_whole(v) ? std::optional<json>(whole(v)) : std::nullopt;
  }
  if (std::holds_alternative<double*>(knob.target))
    return v.is_number() ? std::optional(v) : std::nullopt;
  if (std::holds_alternative<std::optional<double>*>(knob.target)) {
    return v.is_number() || v.is_null() ? std::optional(v) : std::nullopt;
  }
  if (std::holds_alternative<AutoNumber*>(knob.target))
    return v.is_number() || v == "auto" ? std::optional(v) : std::nullopt;
  if (std::holds_alternative<AutoCount*>(knob.target) && v == "auto") return v;
  if (std::holds_alternative<AutoCount*>(knob.target))
    return is_whole(v) ? std::optional<json>(whole(v)) : std::nullopt;
  if (std::holds_alternative<std::string*>(knob.target)) {
    if (takes_column(knob) && is_whole(v) && whole(v) >= 0) return json(std::to_string(whole(v)));
    if (takes_moment(knob) && v.is_number()) return json(v.dump());
    if (takes_switch(knob) && v.is_boolean()) return json(v.get<bool>() ? "true" : "false");
    return v.is_string() ? std::optional(v) : std::nullopt;
  }
  if (std::holds_alternative<std::vector<double>*>(knob.target)) {
    // One rating that means "none" is a list of one; a scale has two ends.
    return list_of_numbers(knob.name == "data.missing" && v.is_number() ? json::array({v}) : v);
  }
  if (std::holds_alternative<std::vector<std::string>*>(knob.target)) return list_of_strings(v);
  if (std::holds_alternative<std::map<std::string, double>*>(knob.target)) return text_to_number(v);
  json out = json::array();
  const json list = v.is_array() ? v : json::array({v});
  for (const json& element : list) {
    if (!is_whole(element)) return std::nullopt;
    out.push_back(whole(element));
  }
  return out;
}

}  // namespace

// One row a line, however long: a table.
// clang-format off
std::vector<Knob> knobs(RunConfig& c) {
  using namespace knob_range;
  return {
      {"data.path", &c.data.path, "file of ratings or interactions, gz or plain; the training part when split.kind is files", any()},
      {"data.valid_path", &c.data.valid_path, "validation file (split.kind: files)", any()},
      {"data.test_path", &c.data.test_path, "test file (split.kind: files)", any()},
      {"data.ids_path", &c.data.ids_path, "ids.csv, as latent split writes it beside the parts: numbers users and items as the data that was split did, so that its parts train to the same bits; empty: in order of first appearance", any()},
      {"data.format", &c.data.format, "row format; auto looks at the content", one_of({"auto", "json", "pydict", "csv", "tsv", "movielens", "recbole", "adjacency", "matrixmarket", "netflix"})},
      {"data.separator", &c.data.separator, "what stands between two columns: , ; | \\t (a tab) :: or any other text, a blank for any run of blanks; auto finds the first five, and blanks where a header has usual names", separator()},
      {"data.header", &c.data.header, "whether the first row holds the columns' names; true without usual names: columns by position", one_of({"auto", "true", "false"})},
      {"data.decimal", &c.data.decimal, "what stands before the fraction of a number", one_of({".", ","})},
      {"data.encoding", &c.data.encoding, "the encoding of the files", one_of({"utf-8", "latin-1"})},
      {"data.user", &c.data.user, "user id: a field name, a zero-based column, or auto (the usual names; without a header column 0)", any()},
      {"data.item", &c.data.item, "item id: likewise (without a header column 1)", any()},
      {"data.rating", &c.data.rating, "rating: likewise (without a header column 2); none: every row counts 1", any()},
      {"data.time", &c.data.time, "time of a row: likewise (without a header column 3); none: file order is time order", any()},
      {"data.rating_map", &c.data.rating_map, "ratings that are words: {\"view\": 1, \"buy\": 5}; a word that it lacks is a bad row. Without it true and false are 1 and 0", any()},
      {"data.missing", &c.data.missing, "ratings that mean that there is none, such as [99]: those rows are dropped", any()},
      {"data.where", &c.data.where, "rows to keep: each column=value or column=value|value of the list must hold, with a column's name or zero-based number", conditions()},
      {"data.duplicates", &c.data.duplicates, "rows that repeat a user and item: keep them (the notebook), keep the last, their mean, or once (the first)", one_of({"keep", "last", "mean", "once"})},
      {"data.positive_at_least", &c.data.positive_at_least, "drop rows rated below this, as if they were not in the file; null: every row stays", any()},
      {"data.drop_zero", &c.data.drop_zero, "drop rows rated 0 (Goodreads: shelved, not rated)", any()},
      {"data.min_user", &c.data.min_user, "keep users with at least so many rows, repeated with min_item until both hold", count_from(0)},
      {"data.min_item", &c.data.min_item, "keep items with at least so many rows", count_from(0)},
      {"data.on_bad_row", &c.data.on_bad_row, "a row that cannot be read: fail with its line, or skip it", one_of({"fail", "skip"})},
      {"data.max_bad_rows", &c.data.max_bad_rows, "with on_bad_row skip: more bad rows than this are an error", count_from(0)},
      {"data.max_rows", &c.data.max_rows, "more rows than this in the files are an error: a stream without end, or more than the memory holds", between(1, 1'000'000'000'000)},
      {"data.max_line_mb", &c.data.max_line_mb, "a line of more megabytes than this is an error: it is none of rows", between(1, 4096)},
      {"data.max_gz_ratio", &c.data.max_gz_ratio, "a gz file that unpacks to more than 256 MB and to more times its size than this is an error: it is made to fill the memory", count_from(1)},
      {"data.cache_dir", &c.data.cache_dir, "folder for parsed files; empty: latent's folder in the user's cache; none: no cache", any()},
      {"data.memory", &c.data.memory, "share of the memory (the machine's, or what its control group allows) that the files' rows may take, at 12 bytes a row, 20 with times; more of them stay on disk, in the cache, and are read by blocks (docs/scale.md) where split.kind and train.order need no more. 0: always", share_or_all()},
      {"data.rating_scale", &c.data.rating_scale, "lowest and highest rating, to which predictions are clipped; null: the range of the training ratings for svd, svdpp, bayesian_mf and baseline, no clipping for other models", scale()},
      {"data.weight", &c.data.weight, "what the confidences of ials.form implicit are made of: 1 for each pair, the sum of its ratings, or that weighted by BM25 over items (K1 100, B .8)", one_of({"none", "rating", "bm25"})},
      {"data.titles.path", &c.data.titles.path, "file that gives items titles, kept in the exported model; empty: none", any()},
      {"data.titles.id", &c.data.titles.id, "its item id: a field name or zero-based column; auto: the usual names, whichever matches most ids", any()},
      {"data.titles.title", &c.data.titles.title, "its title: likewise; auto: the usual names (without a header column 1)", any()},
      {"data.titles.separator", &c.data.titles.separator, "its separator, such as | , or a tab; auto looks at the first line", any()},
      {"data.titles.encoding", &c.data.titles.encoding, "its encoding", one_of({"utf-8", "latin-1"})},
      {"split.kind", &c.split.kind, "what the test part is: random rows (random), random rows that stay in their order, each drawn by its number (by_row), the newest rows of all (time), a share of each user's rows (per_user), each user's newest row (leave_one_out), one of K folds of the shuffled rows (k_fold, as latent crossval cuts them), or a file of its own (files)", one_of({"random", "by_row", "time", "per_user", "leave_one_out", "k_fold", "files"})},
      {"split.seed", &c.split.seed, "seed of the split", count_from(0)},
      {"split.test", &c.split.test, "share of all rows held out for the test; per_user: of each user's rows, rounded down; leave_one_out: 0 turns the test part off", share()},
      {"split.valid", &c.split.valid, "share of all rows for validation; per_user: of each user's rows; leave_one_out: above 0 takes the second newest; k_fold: of the other folds' rows; files: of data.path where no data.valid_path is given; auto: 0.1 where train.patience is above 0, of 1,000 rows or more, else 0", share_or_auto()},
      {"split.order", &c.split.order, "which of a user's rows are held out: random ones, or the newest (the test part has newer ones than the validation part)", one_of({"random", "newest"})},
      {"split.test_from", &c.split.test_from, "rows from this date, time or second on are the test part, whatever split.test says; empty: the newest, by share", moment()},
      {"split.valid_from", &c.split.valid_from, "rows from then on and before split.test_from are the validation part, whatever split.valid says", moment()},
      {"split.folds", &c.split.folds, "K: parts that the shuffled rows are cut into", folds()},
      {"split.fold", &c.split.fold, "which of them is the test part, from 1", count_from(1)},
      {"model.name", &c.model.name, "the model", one_of(model_names())},
      {"model.factors", &c.model.factors, "latent factors K", count_from(1)},
      {"model.init", &c.model.init, "initial parameters: normal, or Xavier's uniform ones, within sqrt(6 / (rows + columns)) of 0 (Glorot & Bengio, 2010; torch.nn.init.xavier_uniform_)", one_of({"normal", "xavier"})},
      {"model.init_mean", &c.model.init_mean, "mean of the initial parameters (svd, svdpp: of the factors and what feeds them)", any()},
      {"model.init_std", &c.model.init_std, "standard deviation of the initial parameters (svd, svdpp: of the factors and what feeds them; ials: times the root of model.factors)", at_least(0)},
      {"model.precision", &c.model.precision, "numbers that the factors are kept in: float, or bfloat16, of half as many bytes; arithmetic is in floats either way, and what the optimizer makes of a bfloat16 is rounded stochastically (docs/scale.md)", one_of({"float", "bfloat16"})},
      {"model.init_path", &c.model.init_path, "npz file of initial tables, as latent export --format npz (or implicit) writes them; empty: random ones", any()},
      {"model.init_from", &c.model.init_from, "a run, or its model.pt, from which users and items of the same ids take their rows; those that it lacks start fresh; empty: none", any()},
      {"train.form", &c.train.form, "objective and Adam as in the notebook's PyTorch or TensorFlow cells", one_of({"pytorch", "tensorflow"})},
      {"train.lambda", &c.train.lambda, "L2 penalty on whole tables; auto, of models trained by gradient: 2 / rows for user biases, 4 / rows for item biases, 8 / rows for factors; of others their own default", number_or_auto()},
      {"train.lambda_user_bias", &c.train.lambda_user_bias, "penalty of the user biases; null: train.lambda", at_least(0)},
      {"train.lambda_item_bias", &c.train.lambda_item_bias, "penalty of the item biases; null: train.lambda", at_least(0)},
      {"train.lambda_factors", &c.train.lambda_factors, "penalty of the factors; null: train.lambda", at_least(0)},
      {"train.lr", &c.train.lr, "learning rate", above(0)},
      {"train.optimizer", &c.train.optimizer, "optimizer; adam_lazy: Adam on the rows that a batch touches, where others and their penalty stand still", one_of({"adam", "adam_lazy", "sgd", "adagrad"})},
      {"train.batch_size", &c.train.batch_size, "samples a step (elsa: users); auto: a fiftieth of the training rows, from 2,000 to 50,000", count_or_auto()},
      {"train.steps", &c.train.steps, "steps, batches drawn with replacement (svd, svdpp, baseline, implicit_bpr, ials, elsa: passes); 0 when train.epochs is given", count_from(0)},
      {"train.epochs", &c.train.epochs, "passes over the training rows without replacement; 0 when train.steps is given", count_from(0)},
      {"train.rows", &c.train.rows, "rows that positives come from; all takes the test rows in as the notebook's TensorFlow BPR does, and its figures are labelled leaked", one_of({"train", "all"})},
      {"train.order", &c.train.order, "the order of samples: random, any row at any time; blocks, passes without replacement over blocks of 16,384 rows in random order, of which 256 at a time are shuffled among themselves, also where train.steps is given: what rows on disk take, with the same weights as in memory; auto: on the CPU blocks where split.kind is by_row or a new run's rows are on disk, else random", one_of({"auto", "random", "blocks"})},
      {"train.seed", &c.train.seed, "seed of initial parameters, samples and negatives", count_from(0)},
      {"train.threads", &c.train.threads, "threads; 0: all of the machine. The weights are the same for any number", threads()},
      {"train.device", &c.train.device, "where tables and batches live; auto takes a GPU when there is one", device()},
      {"train.patience", &c.train.patience, "stop after so many validations without improvement and keep the best weights; 0: off", count_from(0)},
      {"train.monitor", &c.train.monitor, "validation metric to watch, such as mse, auc or ndcg@10; auto: mse for ratings, ndcg at the first cut-off of at least 10 for rankings", any()},
      {"train.eval_every", &c.train.eval_every, "steps between validations; 0: about once a pass over the training rows", count_from(0)},
      {"train.log_every", &c.train.log_every, "on a GPU: steps between objectives in the log, each of which makes the host wait; a CPU logs every step", count_from(1)},
      {"train.refit", &c.train.refit, "once the validation part has chosen the steps, train again on train and valid for as many passes", any()},
      {"train.exact", &c.train.exact, "the peer's own arithmetic and order on one thread: svd and svdpp as Surprise in double, implicit_bpr as implicit (train.seed seeds its std::mt19937)", any()},
      {"train.negatives", &c.train.negatives, "N: negatives drawn for a positive, or for a batch when they are shared", count_from(1)},
      {"train.negatives_shared", &c.train.negatives_shared, "one set of negatives for the whole batch, whose scores are one matrix product; a user's known items in it are left out of that user's loss. auto: above 16", one_of({"auto", "true", "false"})},
      {"train.negative_sampling", &c.train.negative_sampling, "negatives are drawn from all items alike (uniform), by their number of training rows (popularity), or are the batch's other positives (in_batch). Drawn with probability q, one weighs 1 / (I q): the log-Q correction (Bengio & Senecal, 2008; Yi et al., 2019)", one_of({"uniform", "popularity", "in_batch"})},
      {"train.popularity_power", &c.train.popularity_power, "power of an item's rows in its probability (.75: Mikolov et al., 2013)", at_least(0)},
      {"train.user_dropout", &c.train.user_dropout, "share of the entries of the users' vectors that each sample sets to 0, the rest scaled up (.1: BSL's code on check-ins and Yelp; 0: on MovieLens)", share()},
      {"mf.loss", &c.mf.loss, "mf: what compares a positive with its negatives; README has the formulas' sources", one_of({"mse", "bce", "bpr", "hinge", "softmax", "bsl", "sl_at_k", "ccl", "directau"})},
      {"mf.score", &c.mf.score, "mf: gamma_u . gamma_i, or its cosine, served as tables of normalised rows; auto: dot for mse, bce, bpr and hinge, else cosine", one_of({"auto", "dot", "cosine"})},
      {"mf.bias", &c.mf.bias, "mf.score dot: with item biases", any()},
      {"mf.tau", &c.mf.tau, "mf: temperature of softmax, bsl and sl_at_k; auto: of cosines .42 density^.23 of the training rows, of dot products 1 (BSL's code, Wu et al., 2024: .08 on check-ins, .11 on Yelp, .17 on ml-1m; SL@K, Yang et al., 2025: .1, on ml-100k .2)", above_or_auto(0)},
      {"mf.tau2", &c.mf.tau2, "mf.loss bsl: weight of the negatives' side, tau1 / tau2 of the paper (BSL's code: 1.22 on check-ins, 1.10 on Yelp, 1.06 on ml-1m)", above(0)},
      {"mf.tau_w", &c.mf.tau_w, "mf.loss sl_at_k: temperature of the weight (SL@K: 1; on ml-100k 3)", above(0)},
      {"mf.at_k", &c.mf.at_k, "mf.loss sl_at_k: K, the length of the lists that are to be right (SL@K: 20)", count_from(1)},
      {"mf.refresh", &c.mf.refresh, "mf.loss sl_at_k: passes over the rows between two estimates of each user's K-th highest score (SL@K: 20; on ml-100k 5)", count_from(1)},
      {"mf.margin", &c.mf.margin, "mf: a negative costs nothing where it scores that far below the positive (hinge; null: 1), or below that (ccl; null: .9, SimpleX, Mao et al., 2021)", any()},
      {"mf.negative_weight", &c.mf.negative_weight, "mf: weight of the mean over negatives beside the positive in mse and bce (null: 1) and ccl (null: 150, SimpleX on sparse data; 10 on dense)", above(0)},
      {"mf.gamma", &c.mf.gamma, "mf.loss directau: weight of uniformity beside alignment (DirectAU, Wang et al., 2022: .5 to 5)", at_least(0)},
      {"svd.biased", &c.svd.biased, "svd: with the mean and biases; false: factors alone", any()},
      {"svd.lr_bu", &c.svd.lr_bu, "svd: learning rate of the user biases; null: train.lr", above(0)},
      {"svd.lr_bi", &c.svd.lr_bi, "likewise of the item biases", above(0)},
      {"svd.lr_pu", &c.svd.lr_pu, "likewise of the user factors", above(0)},
      {"svd.lr_qi", &c.svd.lr_qi, "likewise of the item factors", above(0)},
      {"svd.reg_bu", &c.svd.reg_bu, "svd: penalty of the user biases; null: train.lambda", at_least(0)},
      {"svd.reg_bi", &c.svd.reg_bi, "likewise of the item biases", at_least(0)},
      {"svd.reg_pu", &c.svd.reg_pu, "likewise of the user factors", at_least(0)},
      {"svd.reg_qi", &c.svd.reg_qi, "likewise of the item factors", at_least(0)},
      {"svdpp.lr_bu", &c.svdpp.lr_bu, "svdpp: learning rate of the user biases; null: train.lr", above(0)},
      {"svdpp.lr_bi", &c.svdpp.lr_bi, "likewise of the item biases", above(0)},
      {"svdpp.lr_pu", &c.svdpp.lr_pu, "likewise of the user factors", above(0)},
      {"svdpp.lr_qi", &c.svdpp.lr_qi, "likewise of the item factors", above(0)},
      {"svdpp.lr_yj", &c.svdpp.lr_yj, "likewise of what an item says of who rated it", above(0)},
      {"svdpp.reg_bu", &c.svdpp.reg_bu, "svdpp: penalty of the user biases; null: train.lambda", at_least(0)},
      {"svdpp.reg_bi", &c.svdpp.reg_bi, "likewise of the item biases", at_least(0)},
      {"svdpp.reg_pu", &c.svdpp.reg_pu, "likewise of the user factors", at_least(0)},
      {"svdpp.reg_qi", &c.svdpp.reg_qi, "likewise of the item factors", at_least(0)},
      {"svdpp.reg_yj", &c.svdpp.reg_yj, "likewise of what an item says of who rated it", at_least(0)},
      {"bayes.burn_in", &c.bayes.burn_in, "bayesian_mf: passes of the sampler before the first that counts", count_from(0)},
      {"bayes.samples", &c.bayes.samples, "bayesian_mf: passes after those", count_from(1)},
      {"bayes.thin", &c.bayes.thin, "bayesian_mf: every so many of these a draw is kept, evaluated and served: samples / thin draws of model.factors columns each", count_from(1)},
      {"bayes.implicit_users", &c.bayes.implicit_users, "bayesian_mf: who rated an item, in training, says something of it", any()},
      {"bayes.implicit_items", &c.bayes.implicit_items, "bayesian_mf: what a user rated, in training, says something of them", any()},
      {"baseline.reg_u", &c.baseline.reg_u, "baseline: penalty of the user biases, in ratings", at_least(0)},
      {"baseline.reg_i", &c.baseline.reg_i, "baseline: penalty of the item biases, in ratings", at_least(0)},
      {"implicit_bpr.verify_negative_samples", &c.implicit_bpr.verify_negative_samples, "implicit_bpr: skip a sample whose negative the user has in training", any()},
      {"ials.form", &c.ials.form, "ials: the objective of Rendle et al. (2022), or that of implicit's AlternatingLeastSquares (Hu et al., 2008)", one_of({"ials", "implicit"})},
      {"ials.alpha0", &c.ials.alpha0, "ials.form ials: weight of all pairs beside the observed ones; auto: (items / 280)^(2/3) times the density of the training pairs", number_or_auto()},
      {"ials.reg", &c.ials.reg, "ials: L2 penalty; auto: (.05 + .9 items / pairs) / (1 + (items / 280)^(2/3)), at most .02, in form implicit .01", number_or_auto()},
      {"ials.nu", &c.ials.nu, "ials.form ials: exponent of a row's count in its penalty", at_least(0)},
      {"ials.alpha", &c.ials.alpha, "ials.form implicit: confidence of an observed pair is alpha times its weight", above(0)},
      {"item_mean.damping", &c.item_mean.damping, "item_mean: ratings worth the mean of all that count beside the item's own", at_least(0)},
      {"item_knn.k", &c.item_knn.k, "item_knn: neighbours of an item", count_from(1)},
      {"item_knn.shrinkage", &c.item_knn.shrinkage, "item_knn: added to the denominator of the cosine, so that items of few users are less alike", at_least(0)},
      {"ease.lambda", &c.ease.lambda, "ease: L2 penalty, in users; sparse data wants less", above(0)},
      {"log.tensorboard", &c.log.tensorboard, "also write the log as event files that TensorBoard reads (tensorboard/ in the run)", any()},
      {"checkpoint.every", &c.checkpoint.every, "steps between checkpoints; 0: none by steps", count_from(0)},
      {"checkpoint.minutes", &c.checkpoint.minutes, "minutes since the last checkpoint after which another is written, so that a kill costs no more; 0: none by time. There is always one at the end", at_least(0)},
      {"dist.items", &c.dist.items, "under torchrun: tables of items and their optimizer's state whole on each rank (replicated), or a range of rows on each (sharded: less memory and less work); the bits are the same", one_of({"replicated", "sharded"})},
      {"dist.timeout", &c.dist.timeout, "under torchrun: seconds for which a rank waits for one that says nothing, before it ends with the last checkpoint to go on from", at_least(2)},
      {"eval.k", &c.eval.k, "cut-offs of the ranking metrics", cut_offs()},
      {"eval.mask", &c.eval.mask, "known items left out of test rankings and no negatives of auc: those of train and valid, or of train alone (as many papers do)", one_of({"train", "train_valid"})},
      {"eval.metrics", &c.eval.metrics, "which metrics: rating, ranking, all, or auto (those that fit the model)", one_of({"auto", "rating", "ranking", "all"})},
      {"eval.candidates", &c.eval.candidates, "sampled rankings, as older papers have them: each held-out item is ranked among so many items drawn from those in none of the user's parts (seed: split.seed), and figures are labelled sampled; they are not comparable with those of whole rankings. 0: all items", count_from(0)},
      {"eval.relevant_at_least", &c.eval.relevant_at_least, "ranking metrics: held-out rows rated below this are not relevant, while training keeps all rows; null: all are", any()},
      {"eval.per_user", &c.eval.per_user, "keep each user's own figures of the test part in the run (per_user.npz), from which latent compare tells luck from gain", any()},
      {"export.auto", &c.exporting.automatic, "write model.pt into the run", any()},
      {"export.seen", &c.exporting.seen, "what recommend leaves out of each user's list: every pair of the file, of all parts and of rows that data.where, drop_zero or positive_at_least left out; the pairs of train and valid; or none", one_of({"file", "train_valid", "none"})},
      {"export.fit", &c.exporting.fit, "the fit that is exported: the tested one, or one more on all rows, for as many passes, made after the test", one_of({"tested", "all"})},
  };
}

// clang-format on

json knob_value(const Knob& knob) {
  return std::visit(
      [](auto* target) -> json {
        if constexpr (std::is_same_v<decltype(target), std::optional<double>*>) {
          return *target ? json(**target) : json(nullptr);
        } else if constexpr (std::is_same_v<decltype(target), AutoNumber*> ||
                             std::is_same_v<decltype(target), AutoCount*>) {
          return target->value ? json(*target->value) : json("auto");
        } else if constexpr (std::is_same_v<decltype(target), std::vector<double>*> ||
                             std::is_same_v<decltype(target), std::vector<std::string>*> ||
                             std::is_same_v<decltype(target), std::map<std::string, double>*>) {
          return target->empty() ? json(nullptr) : json(*target);
        } else {
          return *target;
        }
      },
      knob.target);
}

std::string set_knob(const Knob& knob, const json& value) {
  const auto fit = converted(knob, value);
  std::string shown = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (shown.size() > 60) shown = shown.substr(0, 57) + "...";
  if (!fit) return std::string("must be ") + type_text(knob.target) + ", not " + shown;
  if (knob.range.accepts && !fit->is_null() && !knob.range.accepts(*fit)) {
    return "must be " + knob.range.text + ", not " + shown;
  }
  std::visit(
      [&](auto* target) {
        if constexpr (std::is_same_v<decltype(target), std::optional<double>*>) {
          *target = fit->is_null() ? std::nullopt : std::optional(fit->get<double>());
        } else if constexpr (std::is_same_v<decltype(target), AutoNumber*>) {
          target->value = fit->is_number() ? std::optional(fit->get<double>()) : std::nullopt;
        } else if constexpr (std::is_same_v<decltype(target), AutoCount*>) {
          target->value = fit->is_number() ? std::optional(fit->get<int64_t>()) : std::nullopt;
        } else {
          *target = fit->get<std::decay_t<decltype(*target)>>();
        }
      },
      knob.target);
  return "";
}

json parse_set_value(const Knob& knob, const std::string& text) {
  if (std::holds_alternative<std::string*>(knob.target) && (text.empty() || text[0] != '"'))
    return text;
  const bool strings = std::holds_alternative<std::vector<std::string>*>(knob.target);
  if (strings && text != "null" && !text.starts_with('[') && !text.starts_with('"')) return text;
  json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!value.is_discarded()) return value;
  // ".01" and "+1" are numbers to people, though not to JSON.
  double number = 0;
  const char* const first = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* const last = text.data() + text.size();
  const auto [end, failed] = std::from_chars(first, last, number);
  return failed == std::errc() && end == last && std::isfinite(number) ? json(number) : json(text);
}

}  // namespace latent
