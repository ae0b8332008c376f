// What a model answers about people of whom it has no row, and why a score is what it is.
#include <algorithm>
#include <cmath>

#include "src/serve/served_model_impl.h"

namespace latent {

namespace {

void require_some(const ModelParts& parts, const FoldedUser& user) {
  if (std::ssize(user.factors) != parts.view.factors)
    throw Error(parts.file.path() + ": the user was folded in by a model of " +
                std::to_string(user.factors.size()) + " factors, this one has " +
                std::to_string(parts.view.factors));
}

/// Throws Error where the ratings are so large that scores would not be numbers.
FoldedVector sane(const ModelParts& parts, FoldedVector folded) {
  constexpr float kMost = 1e15F;  // its products with items' factors are far from float's limit
  const auto good = [](float value) { return std::abs(value) < kMost; };
  if (!good(folded.bias) || !std::ranges::all_of(folded.factors, good))
    throw Error(parts.file.path() + ": the ratings of the history are too large for this model");
  return folded;
}

UserVector vector_of(const FactorView& view, const FoldedUser& user) {
  return {user.factors.data(), view.mean() + user.bias};
}

}  // namespace

const FoldObjective& ServedModel::Impl::objective() const {
  std::call_once(fold_made, [&] { fold = make_fold_objective(*this); });
  return *fold;
}

std::vector<HistoryItem> ServedModel::Impl::indexed(std::span<const RatedId> history) const {
  std::vector<HistoryItem> out;
  for (const RatedId& had : history) {
    const int32_t index = items.find(had.item);
    if (index < 0) require_item(had.item);
    out.push_back({index, had.rating});
  }
  return out;
}

Explanation ServedModel::Impl::explained(std::span<const HistoryItem> history,
                                         int32_t item) const {
  const std::vector<HistoryItem> usable = usable_history(*this, history);
  need_item(item);
  const FoldedVector folded = sane(*this, objective().fold(usable));
  Explanation out;
  out.score = double{view.score(-1, item)} + folded.bias;
  for (int32_t k = 0; k < view.factors; ++k)
    out.score += double{folded.factors[k]} * view.factors_of_item(item)[k];
  out.rest = out.score;
  const std::vector<double> shares = objective().parts(usable, item);
  for (size_t n = 0; n < usable.size(); ++n) {
    out.items.emplace_back(std::string(items[usable[n].item]), shares[n]);
    out.rest -= shares[n];
  }
  std::ranges::stable_sort(out.items, std::greater<>(), &std::pair<std::string, double>::second);
  return out;
}

FoldedUser ServedModel::fold_in(std::span<const RatedId> history) const {
  const FoldObjective& objective = impl_->objective();
  const std::vector<HistoryItem> all = impl_->indexed(history);
  FoldedVector folded = sane(*impl_, objective.fold(usable_history(*impl_, all)));
  FoldedUser out{std::move(folded.factors), folded.bias, {}};
  for (const HistoryItem& had : all) out.items.push_back(had.item);
  std::ranges::sort(out.items);
  out.items.erase(std::unique(out.items.begin(), out.items.end()), out.items.end());
  return out;
}

bool ServedModel::folds_by_loss() const {
  return impl_->fold_in.objective == FoldInSpec::kLoss;
}

std::optional<double> ServedModel::rating_of_liked() const {
  const FoldInSpec& spec = impl_->fold_in;
  return spec.reads_ratings() ? std::optional(spec.liked) : std::nullopt;
}

ScoredIds ServedModel::recommend(const FoldedUser& user, int64_t k, bool exclude_seen,
                                 std::span<const char> allowed) const {
  require_some(*impl_, user);
  const Listing may(*impl_, *this, allowed);
  const std::span<const int32_t> left_out =
      exclude_seen ? std::span(user.items) : std::span<const int32_t>();
  return impl_->named(impl_->items, impl_->list(*this, vector_of(impl_->view, user), k, left_out,
                                                may.items()));
}

ScoredIds ServedModel::rank_items(const FoldedUser& user,
                                  const std::vector<std::string>& items) const {
  require_some(*impl_, user);
  const UserVector vector = vector_of(impl_->view, user);
  return impl_->ranked(items, [&](int32_t i) { return impl_->score(vector, i); });
}

double ServedModel::predict(const FoldedUser& user, const std::string& item) const {
  require_some(*impl_, user);
  impl_->require_item(item);
  const int32_t i = find_item(item);
  impl_->need_item(i);
  float sum = impl_->view.mean() + user.bias;
  if (impl_->view.beta_item != nullptr) sum += impl_->view.beta_item[i];
  for (int32_t k = 0; k < impl_->view.factors; ++k)
    sum += user.factors[k] * impl_->view.factors_of_item(i)[k];
  return impl_->view.as_rating(sum);
}

Explanation ServedModel::explain(std::span<const RatedId> history, const std::string& item) const {
  (void)impl_->objective();  // whether there is one comes before what was asked
  impl_->require_item(item);
  return impl_->explained(impl_->indexed(history), find_item(item));
}

Explanation ServedModel::explain(const std::string& user, const std::string& item) const {
  (void)impl_->objective();
  impl_->require_user(user);
  impl_->require_item(item);
  const int32_t u = find_user(user);
  const auto had = impl_->history("seen", impl_->seen, u);
  const auto ratings = impl_->ratings(u);
  const auto fitted = impl_->fitted(u);
  std::vector<HistoryItem> history;
  for (size_t n = 0; n < had.size(); ++n) {
    const double rating = ratings.empty() ? std::nan("") : double{ratings[n]};
    // What is no row of the fit has no part in the user's vector.
    if (!ratings.empty() && std::isnan(rating)) continue;
    if (fitted.empty() || fitted[n] != 0) history.push_back({had[n], rating});
  }
  if (history.empty())
    throw Error(path() + ": keeps no history of user " + in_quotes(user) +
                " (export.seen), so nothing explains a score; give the items that they have");
  return impl_->explained(history, find_item(item));
}

}  // namespace latent
