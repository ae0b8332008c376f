// liblatent_serve: answers from a model that latent has exported (.pt or .safetensors). It holds no
// training code, needs neither LibTorch nor Python, and runs nothing that is in a file.
//
//   #include <latent/serve.h>
//
//   const latent::serve::Model model("model.pt");
//   for (const auto& [item, score] : model.recommend("u7", 10))
//     std::cout << item << " " << score << "\n";
//
// docs/serving.md shows every method beside the Python package and the command line.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace latent::serve {

/// What a caller can put right: a damaged file, an unknown id. One line.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Scored {
  std::string id;
  double score = 0;
};

struct Options {
  bool exclude_seen = true;  ///< leave out what the file says the user had (export.seen)
  std::vector<std::string> exclude = {};  ///< never listed; unknown ones are passed over
  std::vector<std::string> only = {};     ///< items to choose from; empty: the catalogue
};

/// An item that somebody has, and how they rated it; without a rating: an item that they like.
struct Interaction {
  std::string item;
  std::optional<double> rating = std::nullopt;
};

/// A user of whom the file has no row: what the model's own objective makes of a history, with the
/// items as they are.
struct FoldedUser {
  std::vector<float> factors;  ///< [factors()], as a row of gamma_user
  double bias = 0;             ///< as one of beta_user; 0 where the model has none
  std::vector<int32_t> items;  ///< indices of the history's items, ascending: lists leave them out
};

/// Why a score is what it is: the sum of `rest` and of what each item of a history adds.
struct Explanation {
  double score = 0;           ///< by the history; not clipped
  double rest = 0;            ///< mean, biases, priors, other items
  std::vector<Scored> items;  ///< those that add the most first
};

/// What a model knows of an id. Untrained: it has the id, but no row of it was trained on.
enum class Known { kYes, kUntrained, kNo };

/// An exported model in memory. All methods may be called from any number of threads at once. Each
/// throws Error where what it touches in the file is damaged.
class Model {
 public:
  /// Copies the file, so that whoever replaces or cuts it later harms nobody; `map` leaves it where
  /// it is instead, and reads only what is used: for files that stay as they are. Throws Error for a
  /// file that is missing, damaged, of a newer format, or no exported model.
  explicit Model(const std::string& path, bool map = false);
  ~Model();
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;

  int64_t users() const;
  int64_t items() const;
  int64_t factors() const;  ///< 0: a model without
  /// The name of its kind, as model.name has it.
  std::string kind() const;
  /// extra/latent.json of the file: config, metrics, provenance.
  const std::string& metadata() const;

  Known knows_user(std::string_view user) const;
  Known knows_item(std::string_view item) const;
  /// By index, from 0; throws Error beyond users() and items().
  std::string_view user_id(int64_t index) const;
  std::string_view item_id(int64_t index) const;
  /// The item's title; "" where the model has none.
  std::string_view title(std::string_view item) const;

  /// The model's score of a pair as a rating, clipped to the ratings' range where the model has one.
  /// Throws Error naming an id that is unknown or untrained.
  double predict(const std::string& user, const std::string& item) const;

  /// Up to k items, best first, ties to the lower index. Throws Error naming a user who is unknown
  /// or untrained.
  std::vector<Scored> recommend(const std::string& user, int64_t k, const Options& = {}) const;
  /// The same for many users, in their order, on `threads` threads (0: all).
  std::vector<std::vector<Scored>> recommend(const std::vector<std::string>& users, int64_t k,
                                             const Options& = {}, int threads = 0) const;
  /// Up to k items with most rows of training: for users of whom nothing is known. Any text may be
  /// a user; a known one's own items are left out as the options say.
  std::vector<Scored> popular(const std::string& user, int64_t k, const Options& = {}) const;

  /// Up to k nearest by the cosine of their factors, without the one itself. Throws Error for a
  /// model without factors.
  std::vector<Scored> similar_items(const std::string& item, int64_t k) const;
  std::vector<Scored> similar_users(const std::string& user, int64_t k) const;

  /// Those items with the user's scores, best first; untrained ones are left out.
  std::vector<Scored> rank(const std::string& user, const std::vector<std::string>& items) const;

  /// Somebody new, by what they have. Of an item that stands there twice the last row counts.
  /// Throws Error naming an unknown item; where no item was trained on; for a model without
  /// factors; and for a file of an earlier version, which does not say how.
  FoldedUser fold_in(const std::vector<Interaction>& history) const;
  /// The same for many, in their order, on `threads` threads (0: all).
  std::vector<FoldedUser> fold_in(const std::vector<std::vector<Interaction>>& histories,
                                  int threads = 0) const;
  /// Answers as for users of the model; lists leave the history's items out as the options say.
  std::vector<Scored> recommend(const FoldedUser& user, int64_t k, const Options& = {}) const;
  std::vector<Scored> rank(const FoldedUser& user, const std::vector<std::string>& items) const;
  double predict(const FoldedUser& user, const std::string& item) const;

  /// Up to k items of the user's history by what they add to the score of `item`: each one's part
  /// of fold_in()'s solution. Of a user of the model the history is what the file keeps
  /// (export.seen). Throws Error as fold_in() does, and where the file keeps none.
  Explanation explain(const std::string& user, const std::string& item, int64_t k) const;
  Explanation explain(const std::vector<Interaction>& history, const std::string& item,
                      int64_t k) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace latent::serve
