// The processes that train one model together, as code that shares work among them sees them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace latent {

/// Elements [begin, end) of an array.
struct Piece {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
};

/// An array that lies in every process, of which each holds what is right of its own piece.
struct SharedArray {
  void* data;
  int64_t width;              ///< bytes of an element
  std::vector<Piece> pieces;  ///< [ranks], of elements
};

/// All ranks call the same functions in the same order, each from one thread at a time. A process
/// by itself is rank 0 of 1, and sends nothing.
class Peers {
 public:
  virtual ~Peers() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  bool alone() const { return size() == 1; }
  bool first() const { return rank() == 0; }

  /// Brings every rank's piece of each array to all, in place.
  virtual void gather(std::span<const SharedArray> arrays) = 0;
  /// All to all: out[r] goes to rank r, in[r] becomes what rank r has for this one, and has that
  /// size already. [ranks] each; a rank's own are not touched.
  virtual void exchange(const std::vector<std::vector<char>>& out,
                        std::vector<std::vector<char>>& in) = 0;
  /// Brings every rank's piece to the first rank, in place.
  virtual void collect(const SharedArray& array) = 0;
  /// The first rank's bytes for all.
  virtual void broadcast(void* data, int64_t bytes) = 0;
  /// add() by one rank after another, each on `data` as the one before has left it; what the last
  /// one leaves is everybody's. A sum in a fixed order: ((first + second) + third) + ...
  virtual void in_turn(void* data, int64_t bytes, const std::function<void()>& add) = 0;
  /// fn() on every rank; returns when all have done it, however long that takes.
  virtual void together(const std::function<void()>& fn) = 0;
  /// What this rank has sent so far: the data alone, once for each that it went to.
  virtual int64_t bytes_sent() const = 0;

  /// gather() of a number of each rank's: [ranks].
  std::vector<int64_t> gather(int64_t own);
};

/// A process by itself.
Peers& alone();

/// begin[r] <= n < begin[r + 1]: rank r's. [ranks + 1]
using Shares = std::vector<int64_t>;

/// Of `n` elements, as many each.
Shares even_shares(int64_t n, int ranks);
/// Of elements with a weight each, about as much weight each; none is without an element where
/// there are enough.
Shares weighted_shares(std::span<const int64_t> weights, int ranks);
Piece piece_of(const Shares& shares, int rank);
std::vector<Piece> pieces_of(const Shares& shares);
/// Shares of an array with `width` elements for each of those.
Shares scaled(const Shares& shares, int64_t width);
/// Shares of the chunks that begin at `begins` (ascending): a chunk is its first element's rank's.
Shares chunk_shares(std::span<const int64_t> begins, const Shares& elements);
/// What each rank has of a chunk that begins before its share: elements up to the next begin.
std::vector<Piece> heads_of(std::span<const int64_t> begins, const Shares& elements);

/// Rows of a table, some of each rank.
struct OwnedRows {
  Peers* peers = nullptr;  ///< null: all are here
  Shares shares;

  bool shared() const { return peers != nullptr && !peers->alone(); }
  Piece own() const { return piece_of(shares, peers->rank()); }
};

}  // namespace latent
