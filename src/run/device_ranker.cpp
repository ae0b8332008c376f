#include "src/run/device_ranker.h"

#include <torch/torch.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "models/device_code.h"
#include "src/base/error.h"
#include "src/base/log.h"
#include "src/run/model_for_data.h"

// Dimension legend: B users of a block, I items, H held-out items of the user with the most.

namespace latent {

namespace {

using torch::Tensor;

constexpr float kNever = -std::numeric_limits<float>::infinity();
constexpr int64_t kBytesOfScore = 24;  // at the most, of all tensors [B, I] that live at a time

Tensor refer(const void* data, at::IntArrayRef shape, torch::Dtype type) {
  return torch::from_blob(const_cast<void*>(data), shape, type);
}

template <typename T>
Tensor long_tensor(const std::vector<T>& values, torch::Device device) {
  return torch::tensor(at::ArrayRef<T>(values), torch::kInt64).to(device);
}

template <typename T>
void append(const Tensor& from, std::vector<T>& to) {
  const Tensor t = from.contiguous();
  to.insert(to.end(), t.const_data_ptr<T>(), t.const_data_ptr<T>() + t.numel());
}

/// Half of what is free on a GPU, as far as this LibTorch tells.
template <typename Allocator>
int64_t free_bytes(Allocator* allocator, c10::DeviceIndex index) {
  constexpr int64_t kUnknown = int64_t{1} << 31;
  if constexpr (requires { allocator->getMemoryInfo(index).first; }) {
    return static_cast<int64_t>(allocator->getMemoryInfo(index).first / 2);
  } else {
    return kUnknown;
  }
}

int64_t memory_for_blocks(torch::Device device) {
  constexpr int64_t kOfCpu = int64_t{1} << 28;
  if (device.is_cpu()) return kOfCpu;
  return free_bytes(c10::getDeviceAllocator(device.type()), device.index());
}

/// Where pairs of a block's users stand in [B, I], counted through.
Tensor places_of(std::span<const int32_t> users, const UserItems& pairs, int64_t items,
                 torch::Device device) {
  std::vector<int64_t> out;
  for (size_t n = 0; n < users.size(); ++n) {
    for (const int32_t i : pairs.of(users[n])) out.push_back(static_cast<int64_t>(n) * items + i);
  }
  return long_tensor(out, device);
}

/// The k best of each row: scores and items, ties to the lower item. topk() picks any of those that
/// tie for the last places, so these are picked anew.
std::pair<Tensor, Tensor> best_of(const Tensor& scores, int64_t k) {
  auto [value, item] = scores.topk(k, /*dim=*/1, /*largest=*/true, /*sorted=*/true);
  const Tensor last = value.slice(1, k - 1);                        // [B, 1]
  const Tensor tied = scores.eq(last).sum(/*dim=*/1);               // [B]
  const Tensor kept = value.eq(last).sum(/*dim=*/1);                // [B]
  const Tensor rows = tied.gt(kept).logical_and(last.squeeze(1).gt(kNever)).nonzero().view(-1);
  if (rows.numel() > 0) {
    const Tensor ties = scores.index_select(0, rows).eq(last.index_select(0, rows));
    const Tensor place = ties.cumsum(/*dim=*/1, torch::kInt32);
    const Tensor first =
        ties.logical_and(place.le(kept.index_select(0, rows).unsqueeze(1))).nonzero().select(1, 1);
    // Both in the order of rows, and within one in that of items and of places.
    const Tensor to = value.index_select(0, rows).eq(last.index_select(0, rows));
    item = item.index_copy(0, rows, item.index_select(0, rows).masked_scatter(to, first));
  }
  const Tensor by_item = item.argsort(/*stable=*/true, /*dim=*/1, /*descending=*/false);
  value = value.gather(1, by_item);
  const Tensor by_score = value.argsort(/*stable=*/true, /*dim=*/1, /*descending=*/true);
  value = value.gather(1, by_score);
  return {value, item.gather(1, by_item).gather(1, by_score).masked_fill(value.eq(kNever), -1)};
}

RankedLists lists_of(const std::pair<Tensor, Tensor>& best) {
  RankedLists out;
  out.k = best.first.size(1);
  append(best.first.cpu(), out.score);
  append(best.second.to(torch::kInt32).cpu(), out.item);
  return out;
}

class DeviceRanker : public RowRanker {
 public:
  DeviceRanker(const FactorView& model, torch::Device device, int64_t users_at_once)
      : device_(device), items_(model.items), at_once_(users_at_once) {
    const auto table = [&](const float* data, int64_t rows, int64_t columns) {
      return data == nullptr
                 ? Tensor()
                 : refer(data, {rows, columns}, torch::kFloat).clone().to(device);
    };
    gamma_user_ = table(model.gamma_user, model.users, model.factors);
    gamma_item_ = table(model.gamma_item, model.items, model.factors);
    beta_user_ = table(model.beta_user, model.users, 1);
    beta_item_ = table(model.beta_item, 1, model.items);
    alpha_ = table(model.alpha, 1, 1);
    if (at_once_ > 0) return;
    constexpr int64_t kMost = 1 << 15;  // more is no faster
    at_once_ = std::clamp<int64_t>(memory_for_blocks(device) / (kBytesOfScore * items_), 64, kMost);
  }

  int64_t users_at_once() const override { return at_once_; }

  RankedRows rank(std::span<const int32_t> users, const RowQuery& query) const override {
    const torch::NoGradGuard no_grad;
    try {
      return rank_block(users, query);
    } catch (const c10::OutOfMemoryError&) {
      if (users.size() == 1)
        throw Error("out of the GPU's memory while ranking one user; set train.device to cpu");
    }
    // With the block's tensors gone.
    const size_t half = users.size() / 2;
    RankedRows out = rank(users.first(half), query);
    append_rows(rank(users.subspan(half), query), out);
    return out;
  }

 private:
  static void append_rows(const RankedRows& from, RankedRows& to) {
    const auto add = [](const auto& more, auto& all) {
      all.insert(all.end(), more.begin(), more.end());
    };
    add(from.best.item, to.best.item), add(from.best.score, to.best.score);
    add(from.shown.item, to.shown.item), add(from.shown.score, to.shown.score);
    add(from.equal, to.equal), add(from.held_out, to.held_out), add(from.balance, to.balance);
    const int64_t offset = to.start.back();
    to.start.pop_back();
    for (const int64_t at : from.start) to.start.push_back(offset + at);
  }

  Tensor scores_of(const Tensor& users) const {  // [B] -> [B, I]
    const Tensor p = gamma_user_.index_select(0, users), q = gamma_item_.t();
    Tensor out = beta_item_.defined() ? torch::addmm(beta_item_, p, q) : torch::mm(p, q);
    if (beta_user_.defined()) out.add_(beta_user_.index_select(0, users));
    if (alpha_.defined()) out.add_(alpha_);
    return out;
  }

  /// For each held-out item: negatives that score lower minus those that score higher. Held-out
  /// scores, ascending and padded with infinity, cut a row into H + 1 pieces; counts of its
  /// negatives by piece then give all of them.
  std::vector<int64_t> balances(const Tensor& scores, std::span<const int32_t> users,
                                const RowQuery& query, const RankedRows& rows) const {
    const auto block = static_cast<int64_t>(users.size());
    int64_t most = 0;
    for (int64_t n = 0; n < block; ++n) most = std::max(most, rows.start[n + 1] - rows.start[n]);
    std::vector<float> cuts(block * most, std::numeric_limits<float>::infinity());
    std::vector<int64_t> place(rows.held_out.size());  // of a held-out item in its row of cuts
    std::vector<int64_t> order;
    for (int64_t n = 0; n < block; ++n) {
      order.resize(rows.start[n + 1] - rows.start[n]);
      std::iota(order.begin(), order.end(), rows.start[n]);
      std::ranges::sort(order, {}, [&](int64_t at) { return rows.held_out[at]; });
      for (size_t h = 0; h < order.size(); ++h) {
        cuts[n * most + static_cast<int64_t>(h)] = rows.held_out[order[h]];
        place[order[h]] = static_cast<int64_t>(h);
      }
    }
    const Tensor sorted = refer(cuts.data(), {block, most}, torch::kFloat).to(device_);
    const Tensor known = places_of(users, *query.known, items_, device_);
    const int64_t pieces = most + 2;  // the last is of items that are no negatives
    const Tensor first = torch::arange(block, torch::dtype(torch::kInt64).device(device_))
                             .mul_(pieces).unsqueeze(1);
    const auto counted = [&](bool right) {
      Tensor at = torch::searchsorted(sorted, scores, /*out_int32=*/false, right);  // [B, I]
      at.view(-1).index_fill_(0, known, most + 1);
      return torch::bincount(at.add_(first).view(-1), {}, block * pieces).view({block, pieces});
    };
    // Lower than cut h: those with at most h cuts not above them. Higher: all but those with at
    // most h cuts below them.
    const Tensor sums = (counted(true) + counted(false)).cumsum(/*dim=*/1).cpu();
    std::vector<int64_t> out(rows.held_out.size());
    for (int64_t n = 0; n < block; ++n) {
      const int64_t negatives = items_ - std::ssize(query.known->of(users[n]));
      const int64_t* const row = sums.const_data_ptr<int64_t>() + n * pieces;
      for (int64_t at = rows.start[n]; at < rows.start[n + 1]; ++at)
        out[at] = row[place[at]] - negatives;
    }
    return out;
  }

  RankedRows rank_block(std::span<const int32_t> users, const RowQuery& query) const {
    RankedRows out;
    out.start.push_back(0);
    for (const int32_t u : users)
      out.start.push_back(out.start.back() + std::ssize(query.held_out->of(u)));
    const Tensor ids = long_tensor(std::vector<int64_t>(users.begin(), users.end()), device_);
    Tensor scores = scores_of(ids);
    const Tensor held_out = places_of(users, *query.held_out, items_, device_);
    append(scores.view(-1).index_select(0, held_out).cpu(), out.held_out);
    out.balance = balances(scores, users, query, out);
    // Not index_put_(), which sorts its places where a fixed order is asked for.
    scores.view(-1).index_fill_(0, places_of(users, *query.masked, items_, device_), kNever);
    const int64_t k = std::min(query.k, items_), counted = std::min(query.counted, k - 1);
    const auto best = best_of(scores, k);
    append(scores.eq(best.first.narrow(1, counted, 1)).sum(/*dim=*/1).cpu(), out.equal);
    out.best = lists_of(best);
    if (query.shown_k == 0) return out;
    std::vector<int64_t> unlisted;
    for (size_t i = 0; i < query.shown.size(); ++i) {
      if (query.shown[i] == 0) unlisted.push_back(static_cast<int64_t>(i));
    }
    scores.index_fill_(1, long_tensor(unlisted, device_), kNever);
    out.shown = lists_of(best_of(scores, std::min(query.shown_k, items_)));
    return out;
  }

  torch::Device device_;
  int64_t items_, at_once_;
  Tensor gamma_user_, gamma_item_, beta_user_, beta_item_, alpha_;  // [U, K] [I, K] [U, 1] [1, I]
};

}  // namespace

std::unique_ptr<RowRanker> device_ranker(const FactorView& model, const RunConfig& config,
                                         int64_t users_at_once) {
  if (model.factors == 0 || !model.similar.empty()) return nullptr;
  torch::Device device = torch::kCPU;
  try {
    device = device_of(config);
  } catch (const Error&) {  // an exported model may come from a machine with more devices
  }
  if (!by_operators(device)) return nullptr;
  try {
    return std::make_unique<DeviceRanker>(model, device, users_at_once);
  } catch (const c10::OutOfMemoryError&) {
    say("no room for another copy of the tables on " + device.str() + ": ranking on the CPU");
    return nullptr;
  }
}

}  // namespace latent
