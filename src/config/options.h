// Every setting of a run and its default, once. Rows for reading and help: knobs.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace latent {

/// A number, or none: "auto", made from the data.
struct AutoNumber {
  AutoNumber() = default;
  AutoNumber(double number) : value(number) {}
  bool operator==(const AutoNumber&) const = default;

  std::optional<double> value;
};

/// A whole number, or none: "auto", made from the data.
struct AutoCount {
  AutoCount() = default;
  AutoCount(int64_t number) : value(number) {}
  bool operator==(const AutoCount&) const = default;

  std::optional<int64_t> value;
};

/// A side file that names items for people.
struct TitleOptions {
  std::string path;
  std::string id = "auto", title = "auto";
  std::string separator = "auto";
  std::string encoding = "utf-8";
};

struct DataOptions {
  std::string path;
  std::string valid_path, test_path, ids_path;
  std::string format = "auto";
  std::string separator = "auto", header = "auto";
  std::string decimal = ".", encoding = "utf-8";
  std::string user = "auto", item = "auto", rating = "auto", time = "auto";
  std::map<std::string, double> rating_map;  // empty: ratings are numbers
  std::vector<double> missing;               // ratings that mean "none"
  std::vector<std::string> where;            // column=value|value
  std::string duplicates = "keep";
  std::optional<double> positive_at_least;
  bool drop_zero = false;
  int64_t min_user = 0, min_item = 0;
  std::string on_bad_row = "fail";
  int64_t max_bad_rows = 1000;
  int64_t max_rows = 4'000'000'000;
  int64_t max_line_mb = 64;
  int64_t max_gz_ratio = 200;
  std::string cache_dir;
  double memory = 0.5;
  std::vector<double> rating_scale;  // lowest and highest, or empty
  std::string weight = "none";
  TitleOptions titles;
};

struct SplitOptions {
  std::string kind = "random";
  int64_t seed = 0;
  double test = 0.1;
  AutoNumber valid;
  double valid_if_auto = 0;  // no knob: follows from train.patience
  bool by_row_on_disk = false;  // no knob: `random` is by_row for rows on disk
  std::string order = "random";
  std::string test_from, valid_from;  // as time_of() (src/base/times.h) reads them; empty: by share
  int64_t folds = 5, fold = 1;        // fold: from 1

  double valid_share() const { return valid.value.value_or(valid_if_auto); }
};

struct ModelOptions {
  std::string name = "latent_factor";
  int64_t factors = 5;
  std::string init = "normal";
  double init_mean = 0, init_std = 0.001;
  std::string precision = "float";
  std::string init_path, init_from;
};

struct TrainOptions {
  std::string form = "pytorch";
  AutoNumber lambda = 1e-5;
  std::optional<double> lambda_user_bias, lambda_item_bias, lambda_factors;
  double lr = 0.1;
  std::string optimizer = "adam";
  AutoCount batch_size = 50000;
  int64_t steps = 100, epochs = 0;  // exactly one of them is above 0 once a config is resolved
  std::string rows = "train", order = "auto";
  int64_t seed = 0;
  int64_t threads = 0;
  std::string device = "auto";
  int64_t patience = 0;
  std::string monitor = "auto";
  int64_t eval_every = 0;
  int64_t log_every = 100;
  bool refit = false;
  bool exact = false;
  int64_t negatives = 1024;
  std::string negatives_shared = "auto";
  std::string negative_sampling = "uniform";
  double popularity_power = 0.75;
  double user_dropout = 0;
};

/// Surprise's SVD; unset rates and penalties are train.lr and train.lambda.
struct SvdOptions {
  bool biased = true;
  std::optional<double> lr_bu, lr_bi, lr_pu, lr_qi;
  std::optional<double> reg_bu, reg_bi, reg_pu, reg_qi;
};

/// Surprise's SVDpp; unset rates and penalties are train.lr and train.lambda.
struct SvdppOptions {
  std::optional<double> lr_bu, lr_bi, lr_pu, lr_qi, lr_yj;
  std::optional<double> reg_bu, reg_bi, reg_pu, reg_qi, reg_yj;
};

/// Of the Gibbs sampler: every `thin`-th of the `samples` passes after `burn_in` is kept.
struct BayesOptions {
  int64_t burn_in = 50, samples = 300, thin = 5;
  bool implicit_users = false, implicit_items = false;

  int64_t passes() const { return burn_in + samples; }
  int64_t kept() const { return samples / thin; }
};

/// Surprise's BaselineOnly.
struct BaselineOptions {
  double reg_u = 15, reg_i = 10;
};

struct ImplicitBprOptions {
  bool verify_negative_samples = true;
};

struct IalsOptions {
  std::string form = "ials";
  AutoNumber alpha0, reg;
  double nu = 1;
  double alpha = 1;
};

/// Losses of a positive against many negatives. Unset constants: each loss has its own.
struct MfOptions {
  std::string loss = "softmax", score = "auto";
  bool bias = false;
  AutoNumber tau = 0.1;
  double tau2 = 1.1, tau_w = 1;
  int64_t at_k = 20, refresh = 5;  // refresh: in passes
  std::optional<double> margin, negative_weight;
  double gamma = 1;
};

struct ItemMeanOptions {
  double damping = 0;
};

struct ItemKnnOptions {
  int64_t k = 100;
  double shrinkage = 10;
};

struct EaseOptions {
  double lambda = 500;
};

struct LogOptions {
  bool tensorboard = false;
};

struct CheckpointOptions {
  int64_t every = 0;
  double minutes = 5;
};

/// Of several processes.
struct DistOptions {
  std::string items = "replicated";
  double timeout = 25;
};

struct EvalOptions {
  std::vector<int64_t> k = {1, 5, 10, 20};
  std::string mask = "train_valid";
  std::string metrics = "auto";
  int64_t candidates = 0;
  std::optional<double> relevant_at_least;
  bool per_user = true;
};

struct ExportOptions {
  bool automatic = true;
  std::string seen = "file";
  std::string fit = "tested";
};

struct RunConfig {
  DataOptions data;
  SplitOptions split;
  ModelOptions model;
  TrainOptions train;
  SvdOptions svd;
  SvdppOptions svdpp;
  BayesOptions bayes;
  BaselineOptions baseline;
  ImplicitBprOptions implicit_bpr;
  IalsOptions ials;
  MfOptions mf;
  ItemMeanOptions item_mean;
  ItemKnnOptions item_knn;
  EaseOptions ease;
  LogOptions log;
  CheckpointOptions checkpoint;
  DistOptions dist;
  EvalOptions eval;
  ExportOptions exporting;
};

}  // namespace latent
