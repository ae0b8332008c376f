#include "src/export/fold_loss_source.h"

#include <map>
#include <stdexcept>

namespace latent {

namespace {

/// (value, slopes of own, slopes of others) of scores own [n], others [M] with weights [M].
const std::map<std::string, const char*> kLosses = {
    {"bpr", R"(    x = others.unsqueeze(0) - own.unsqueeze(1)  # [n, M]
    slope = torch.sigmoid(x) * weight / own.size(0)
    value = (torch.logaddexp(x, torch.zeros_like(x)) * weight).sum() / own.size(0)
    return value, -slope.sum(1), slope.sum(0)
)"},
    {"hinge", R"(    x = self.fold_in_values["margin"] + others.unsqueeze(0) - own.unsqueeze(1)  # [n, M]
    slope = (x > 0).to(7) * weight / own.size(0)
    value = (torch.relu(x) * weight).sum() / own.size(0)
    return value, -slope.sum(1), slope.sum(0)
)"},
    {"mse", R"(    factor = self.fold_in_values["negative_weight"] * weight
    value = (1 - own).square().mean() + (factor * others.square()).sum()
    return value, 2 * (own - 1) / own.size(0), 2 * factor * others
)"},
    {"bce", R"(    factor = self.fold_in_values["negative_weight"] * weight
    value = torch.logaddexp(-own, torch.zeros_like(own)).mean() + (factor * torch.logaddexp(others, torch.zeros_like(others))).sum()
    return value, -torch.sigmoid(-own) / own.size(0), factor * torch.sigmoid(others)
)"},
    {"ccl", R"(    factor = self.fold_in_values["negative_weight"] * weight
    over = others - self.fold_in_values["margin"]
    value = (1 - own).mean() + (factor * torch.relu(over)).sum()
    return value, -torch.ones_like(own) / own.size(0), factor * (over > 0).to(7)
)"},
    {"softmax", R"(    tau = self.fold_in_values["tau"]
    logs = others / tau + weight.log()
    value = torch.logsumexp(logs, 0) - (own / tau).mean()
    return value, -torch.ones_like(own) / (tau * own.size(0)), torch.softmax(logs, 0) / tau
)"},
    {"bsl", R"(    tau = self.fold_in_values["tau"]
    tau2 = self.fold_in_values["tau2"]
    logs = others / tau + weight.log()
    value = tau2 * torch.logsumexp(logs, 0) - torch.logsumexp(own / tau, 0) + torch.log(torch.ones_like(own).sum())
    return value, -torch.softmax(own / tau, 0) / tau, tau2 * torch.softmax(logs, 0) / tau
)"}};

constexpr const char* kOthers = R"(
def fold_others(self, kept: Tensor) -> Tuple[Tensor, Tensor]:
    # What the history lacks; of a large catalogue some thousand, each as likely as its weight.
    device = kept.device
    most = max(1024, min(4096, 131072 // kept.size(0)))
    weights = WEIGHTS
    others = torch.arange(self.item_count, dtype=4, device=device)
    chosen = weights
    if self.item_count > most:
        upto = torch.cumsum(weights, 0)
        places = (torch.arange(most, dtype=7, device=device) + 0.5) * float(upto[-1]) / float(most)
        others = torch.searchsorted(upto, places, right=True).clamp(max=self.item_count - 1)
        chosen = torch.ones_like(places)
    had = torch.zeros([self.item_count], dtype=11, device=device)
    had.index_fill_(0, kept, True)
    free = torch.nonzero(~torch.index_select(had, 0, others) & (chosen > 0)).squeeze(1)
    others = torch.index_select(others, 0, free)
    chosen = torch.index_select(chosen, 0, free)
    if others.size(0) == 0:
        others = kept[0:1]
        chosen = torch.ones([1], dtype=7, device=device)
    return others, chosen / chosen.sum()
)";

constexpr const char* kDotValue = R"(
def fold_value(self, x: Tensor, q: Tensor, q_bias: Tensor, r: Tensor, r_bias: Tensor, weight: Tensor, penalty: float) -> Tuple[float, Tensor]:
    value, own, others = self.fold_loss(torch.mv(q, x) + q_bias, torch.mv(r, x) + r_bias, weight)
    gradient = torch.mv(q.t(), own) + torch.mv(r.t(), others) + 2 * penalty * x
    return float(value) + penalty * float(x.dot(x)), gradient
)";

constexpr const char* kCosineValue = R"(
def fold_value(self, x: Tensor, q: Tensor, q_bias: Tensor, r: Tensor, r_bias: Tensor, weight: Tensor, penalty: float) -> Tuple[float, Tensor]:
    norm = max(float(x.norm()), 1e-12)
    d = x / norm
    value, own, others = self.fold_loss(torch.mv(q, d) + q_bias, torch.mv(r, d) + r_bias, weight)
    gradient = torch.mv(q.t(), own) + torch.mv(r.t(), others)
    return float(value), (gradient - d * float(gradient.dot(d))) / norm
)";

/// L-BFGS, as src/serve/fold_losses.cpp has it.
constexpr const char* kMinimum = R"(
def fold_direction(self, gradient: Tensor, moves: List[Tensor], changes: List[Tensor]) -> Tensor:
    d = gradient
    a: List[float] = []
    for m in range(len(moves)):
        n = len(moves) - 1 - m
        factor = float(moves[n].dot(d)) / float(moves[n].dot(changes[n]))
        a.append(factor)
        d = d - factor * changes[n]
    if len(moves) == 0:
        d = d / max(float(gradient.norm()), 1e-300)
    else:
        d = d * (float(moves[-1].dot(changes[-1])) / float(changes[-1].dot(changes[-1])))
    for n in range(len(moves)):
        d = d + (a[len(moves) - 1 - n] - float(changes[n].dot(d)) / float(moves[n].dot(changes[n]))) * moves[n]
    return -d

def fold_minimum(self, x: Tensor, q: Tensor, q_bias: Tensor, r: Tensor, r_bias: Tensor, weight: Tensor, penalty: float) -> Tensor:
    moves: List[Tensor] = []
    changes: List[Tensor] = []
    value, gradient = self.fold_value(x, q, q_bias, r, r_bias, weight, penalty)
    steps = 0
    while steps < 200 and float(gradient.abs().max()) > 1e-8:
        steps += 1
        d = self.fold_direction(gradient, moves, changes)
        slope = float(d.dot(gradient))
        if not (slope < 0):
            moves = moves[0:0]
            changes = changes[0:0]
            d = self.fold_direction(gradient, moves, changes)
            slope = float(d.dot(gradient))
        length = 1.0
        lower = False
        halvings = 0
        next = x
        there = value
        next_gradient = gradient
        while halvings < 30 and not lower:
            next = x + length * d
            there, next_gradient = self.fold_value(next, q, q_bias, r, r_bias, weight, penalty)
            lower = there <= value + 1e-4 * length * slope
            length = length / 2
            halvings += 1
        if lower:
            move = next - x
            change = next_gradient - gradient
            if float(move.dot(change)) > 1e-10 * (float(move.dot(move)) * float(change.dot(change))) ** 0.5:
                if len(moves) == 10:
                    moves = moves[1:]
                    changes = changes[1:]
                moves.append(move)
                changes.append(change)
            x = next
            value = there
            gradient = next_gradient
        else:
            steps = 200  # as low as double precision tells
    return x
)";

}  // namespace

std::string fold_loss_source(const FoldInParts& parts) {
  const FoldInSpec& spec = parts.spec;
  const auto row = kLosses.find(spec.loss == "sl_at_k" ? "softmax" : spec.loss);
  if (row == kLosses.end()) throw std::logic_error("no TorchScript for the loss " + spec.loss);
  std::string others = kOthers;
  const std::string mark = "WEIGHTS";
  others.replace(others.find(mark), mark.size(),
                 spec.popular_negatives
                     ? "self.item_rows.to(7)"
                     : "torch.ones([self.item_count], dtype=7, device=device)");
  std::string out = std::string("\ndef fold_loss(self, own: Tensor, others: Tensor, weight: "
                                "Tensor) -> Tuple[Tensor, Tensor, Tensor]:\n") +
                    row->second + others + (spec.cosine ? kCosineValue : kDotValue) + kMinimum +
                    kFoldHead +
                    "    n = kept.size(0)\n"
                    "    others, weight = self.fold_others(kept)\n"
                    "    r = torch.index_select(self.gamma_item, 0, others).to(7)\n";
  const auto bias = [&](const std::string& of, const std::string& like) {
    return parts.beta_item ? "torch.index_select(self.beta_item, 0, " + of + ").to(7)"
                           : "torch.zeros_like(" + like + "[:, 0])";
  };
  out += "    q_bias = " + bias("kept", "q") + "\n    r_bias = " + bias("others", "r") + "\n";
  out += spec.cosine ? "    start = q.sum(0)\n"
                       "    start = start / max(float(start.norm()), 1e-12)\n"
                     : "    start = torch.zeros_like(q[0])\n";
  out += "    penalty = max(self.fold_penalty(\"factor\", n) / float(n), 1e-4)\n"
         "    x = self.fold_minimum(start, q, q_bias, r, r_bias, weight, penalty)\n";
  if (spec.cosine) out += "    x = x / max(float(x.norm()), 1e-12)\n";
  return out + "    return x.to(6), " + kFoldNoBias + "\n";
}

}  // namespace latent
