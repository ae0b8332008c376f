#include "src/base/peers.h"

#include <algorithm>

namespace latent {

namespace {

class Alone : public Peers {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void gather(std::span<const SharedArray>) override {}
  void exchange(const std::vector<std::vector<char>>&,
                std::vector<std::vector<char>>&) override {}
  void collect(const SharedArray&) override {}
  void broadcast(void*, int64_t) override {}
  void in_turn(void*, int64_t, const std::function<void()>& add) override { add(); }
  void together(const std::function<void()>& fn) override { fn(); }
  int64_t bytes_sent() const override { return 0; }
};

}  // namespace

Peers& alone() {
  static Alone peers;
  return peers;
}

std::vector<int64_t> Peers::gather(int64_t own) {
  std::vector<int64_t> all(size());
  all[rank()] = own;
  const SharedArray array{all.data(), sizeof(int64_t), pieces_of(even_shares(size(), size()))};
  gather({&array, 1});
  return all;
}

Shares even_shares(int64_t n, int ranks) {
  Shares out(ranks + 1);
  for (int r = 0; r <= ranks; ++r) out[r] = n * r / ranks;
  return out;
}

Shares weighted_shares(std::span<const int64_t> weights, int ranks) {
  const auto n = std::ssize(weights);
  int64_t left = 0;
  for (const int64_t w : weights) left += w;
  Shares out(ranks + 1, n);
  out[0] = 0;
  int64_t at = 0;
  for (int r = 0; r + 1 < ranks; ++r) {
    const int64_t others = ranks - r - 1;
    const int64_t wanted = left / (others + 1);
    int64_t taken = 0;
    const int64_t from = at;
    while (at < n - others && (at == from || taken + weights[at] / 2 < wanted))
      taken += weights[at++];
    left -= taken;
    out[r + 1] = std::min(at, n);
  }
  return out;
}

Piece piece_of(const Shares& shares, int rank) { return {shares[rank], shares[rank + 1]}; }

std::vector<Piece> pieces_of(const Shares& shares) {
  std::vector<Piece> out;
  for (size_t r = 0; r + 1 < shares.size(); ++r) out.push_back({shares[r], shares[r + 1]});
  return out;
}

Shares scaled(const Shares& shares, int64_t width) {
  Shares out = shares;
  for (int64_t& n : out) n *= width;
  return out;
}

Shares chunk_shares(std::span<const int64_t> begins, const Shares& elements) {
  Shares out;
  for (const int64_t n : elements)
    out.push_back(std::ranges::lower_bound(begins, n) - begins.begin());
  out.back() = std::ssize(begins);
  return out;
}

std::vector<Piece> heads_of(std::span<const int64_t> begins, const Shares& elements) {
  std::vector<Piece> out = pieces_of(elements);
  for (Piece& piece : out) {
    const auto next = std::ranges::lower_bound(begins, piece.begin);
    if (next != begins.end()) piece.end = std::min(piece.end, *next);
  }
  return out;
}

}  // namespace latent
