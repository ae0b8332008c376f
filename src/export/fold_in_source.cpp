#include "src/export/fold_in_source.h"

#include <stdexcept>

#include "src/export/fold_loss_source.h"

namespace latent {

namespace {

/// dtype=4 is int64, 6 float32, 7 float64, 11 bool: see module_source.cpp.
constexpr const char* kHistory = R"(
def fold_history(self, items: Tensor, ratings: Tensor) -> Tuple[Tensor, Tensor]:
    # Trained items, ascending; of one that stands there twice the last row.
    assert items.size(0) == ratings.size(0), "items and ratings must be of one length"
    assert items.numel() == 0 or (int(items.min()) >= 0 and int(items.max()) < self.item_count), "item index out of range"
    last: Dict[int, float] = {}
    for n in range(items.size(0)):
        if int(self.item_rows[int(items[n])]) > 0:
            last[int(items[n])] = float(ratings[n])
    assert len(last) > 0, "there is no item in the history that the model was trained on"
    kept: List[int] = sorted(list(last.keys()))
    rated: List[float] = []
    for item in kept:
        rated.append(last[item])
    device = self.seen_items.device
    return torch.tensor(kept, dtype=4, device=device), torch.tensor(rated, dtype=7, device=device)

def fold_penalty(self, name: str, n: int) -> float:
    v = self.fold_in_values
    return v[name + "_scale"] * (v[name + "_per_item"] * n + v[name + "_constant"]) ** v[name + "_power"]

def or_liked(self, ratings: Tensor) -> Tensor:
    return torch.where(torch.isnan(ratings), torch.full_like(ratings, self.fold_in_values["liked"]), ratings)
)";

constexpr const char* kRecommend = R"(
def recommend_for_items(self, items: List[str], ratings: List[float], k: int) -> List[Tuple[str, float]]:
    assert len(ratings) == 0 or len(ratings) == len(items), "give no ratings, or one for each item"
    indices: List[int] = []
    rated: List[float] = []
    for n in range(len(items)):
        index = self.find_item(items[n])
        assert index >= 0, "unknown item '" + items[n] + "'"
        indices.append(index)
        rated.append(ratings[n] if len(ratings) > 0 else float("nan"))
    had = torch.tensor(indices, dtype=4, device=self.seen_items.device)
    factors, bias = self.fold_in(had, torch.tensor(rated, dtype=7, device=self.seen_items.device))
    scores = SCORES
    scores = scores.masked_fill(self.item_rows == 0, -float("inf"))
    scores.index_fill_(0, had, -float("inf"))
    best, values = self.top(scores.unsqueeze(0), k)
    return self.named(self.item_table, best, values)
)";

constexpr const char* kNobody = R"(
def fold_in(self, items: Tensor, ratings: Tensor) -> Tuple[Tensor, Tensor]:
    assert False, "a model of kind " + self.model_name + " folds nobody in"
    return items, ratings

def recommend_for_items(self, items: List[str], ratings: List[float], k: int) -> List[Tuple[str, float]]:
    assert False, "a model of kind " + self.model_name + " folds nobody in"
    out: List[Tuple[str, float]] = []
    return out
)";

std::string sum_source(const FoldInSpec& spec) {
  std::string out = std::string(kFoldHead) + "    sum = q.sum(0)\n";
  if (spec.cosine) out += "    sum = sum / max(float(sum.norm()), 1e-12)\n";
  return out + "    return sum.to(6), " + kFoldNoBias + "\n";
}

constexpr const char* kDraws = R"(    count = self.noise_variance.size(0)
    q = (q * count).view(kept.size(0), count, -1)
    v = torch.cat([torch.ones_like(q[:, :, 0:1]), q], 2).transpose(0, 1)  # [S, n, D]
    targets = (self.or_liked(rated) - self.alpha.to(7)).unsqueeze(0) - torch.index_select(self.beta_item_draws, 0, kept).to(7).t()
    certain = (1 / self.noise_variance.to(7)).view(-1, 1, 1)
    prior = self.user_precision_draws.to(7)
    a = prior + torch.matmul(v.transpose(1, 2), v) * certain
    b = torch.matmul(prior, self.user_mean_draws.to(7).unsqueeze(2)) + torch.matmul(v.transpose(1, 2), targets.unsqueeze(2)) * certain
    x = torch.linalg_solve(a, b).squeeze(2)  # [S, D]
    return x[:, 1:].reshape(-1).to(6), x[:, 0].mean().view(1).to(6)
)";

std::string draws_source() { return std::string(kFoldHead) + kDraws; }

std::string least_squares_source(const FoldInParts& parts) {
  const FoldInSpec& spec = parts.spec;
  std::string out = std::string(kFoldHead) +
                    "    n = kept.size(0)\n"
                    "    values = self.fold_in_values\n"
                    "    weight = torch.ones_like(rated)\n"
                    "    pull = torch.ones_like(rated)\n";
  std::string part = "torch.zeros_like(q[0])";
  if (parts.implicit)
    part = "torch.index_select(self.implicit_item, 0, kept).to(7).sum(0) / float(n) ** 0.5";
  out += "    own = " + part + "\n";
  if (spec.confidence > 0) {
    out += std::string("    rated = ") +
           (spec.weighted ? "self.or_liked(rated)\n" : "torch.full_like(rated, 1)\n") +
           "    certain = values[\"confidence\"] * rated.abs()\n"
           "    weight = certain - values[\"every_pair\"]\n"
           "    pull = torch.where(rated > 0, certain, torch.zeros_like(certain))\n";
  } else if (spec.ratings) {
    out += "    pull = self.or_liked(rated) - torch.mv(q, own)\n";
    if (parts.alpha) out += "    pull = pull - self.alpha.to(7)\n";
    if (parts.beta_item)
      out += "    pull = pull - torch.index_select(self.beta_item, 0, kept).to(7)\n";
  }
  out += spec.has_bias ? "    v = torch.cat([torch.ones_like(q[:, 0:1]), q], 1)\n" : "    v = q\n";
  out += "    a = torch.matmul((v * weight.unsqueeze(1)).t(), v)\n";
  if (spec.every_pair > 0)
    out += "    every = self.gamma_item.to(7)\n"
           "    a = a + values[\"every_pair\"] * torch.matmul(every.t(), every)\n";
  out += "    penalty = torch.full([v.size(1)], self.fold_penalty(\"factor\", n), dtype=7, "
         "device=q.device)\n";
  if (spec.has_bias) out += "    penalty[0] = self.fold_penalty(\"bias\", n)\n";
  out += "    a = a + torch.diag(penalty)\n"
         "    a = a + torch.diag(torch.full_like(penalty, 1e-6 * float(a.diagonal().mean()) + "
         "1e-30))\n"
         "    x = torch.linalg_solve(a, torch.mv(v.t(), pull).unsqueeze(1)).squeeze(1)\n";
  return out + (spec.has_bias ? "    return (x[1:] + own).to(6), x[0:1].to(6)\n"
                              : std::string("    return (x + own).to(6), ") + kFoldNoBias + "\n");
}

std::string own_source(const FoldInParts& parts) {
  switch (parts.spec.objective) {
    case FoldInSpec::kLeastSquares: return least_squares_source(parts);
    case FoldInSpec::kDraws: return draws_source();
    case FoldInSpec::kSum: return sum_source(parts.spec);
    case FoldInSpec::kLoss: return fold_loss_source(parts);
    default: throw std::logic_error("nothing to fold in by");
  }
}

}  // namespace

std::string fold_in_source(const FoldInParts& parts) {
  if (parts.spec.objective == FoldInSpec::kNone) return kNobody;
  std::string recommend = kRecommend;
  const std::string mark = "SCORES";
  recommend.replace(recommend.find(mark), mark.size(),
                    std::string("torch.mv(self.gamma_item, factors) + bias") +
                        (parts.alpha ? " + self.alpha" : "") +
                        (parts.beta_item ? " + self.beta_item" : ""));
  return kHistory + own_source(parts) + recommend;
}

}  // namespace latent
