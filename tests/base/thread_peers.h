// Ranks as threads of one process, each with arrays of its own.
#pragma once

#include <barrier>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>

#include "src/base/peers.h"

namespace latent {

class ThreadPeers {
 public:
  explicit ThreadPeers(int ranks) : barrier_(ranks), arrays_(ranks), data_(ranks), ranks_(ranks) {}

  /// body(peers) by all ranks at once.
  void run(const std::function<void(Peers&)>& body) {
    std::vector<std::thread> threads;
    for (int r = 0; r < ranks_; ++r) {
      threads.emplace_back([&, r] {
        One peers(*this, r);
        body(peers);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

 private:
  class One : public Peers {
   public:
    One(ThreadPeers& all, int rank) : all_(all), rank_(rank) {}
    int rank() const override { return rank_; }
    int size() const override { return all_.ranks_; }
    void gather(std::span<const SharedArray> arrays) override {
      all_.arrays_[rank_] = arrays;
      all_.barrier_.arrive_and_wait();
      for (int r = 0; r < size(); ++r) {
        for (size_t n = 0; r != rank_ && n < arrays.size(); ++n)
          take(all_.arrays_[r][n], arrays[n], r);
      }
      all_.barrier_.arrive_and_wait();
    }
    void exchange(const std::vector<std::vector<char>>& out,
                  std::vector<std::vector<char>>& in) override {
      all_.data_[rank_] = const_cast<std::vector<char>*>(out.data());
      all_.barrier_.arrive_and_wait();
      for (int r = 0; r < size(); ++r) {
        if (r == rank_) continue;
        const auto& theirs = static_cast<const std::vector<char>*>(all_.data_[r])[rank_];
        if (theirs.size() != in[r].size()) std::abort();
        in[r] = theirs;
      }
      all_.barrier_.arrive_and_wait();
    }
    void collect(const SharedArray& array) override { gather({&array, 1}); }
    void broadcast(void* data, int64_t bytes) override { from(0, data, bytes); }
    void in_turn(void* data, int64_t bytes, const std::function<void()>& add) override {
      for (int r = 0; r < size(); ++r) {
        if (r > 0) from(r - 1, data, bytes);
        if (r == rank_) add();
      }
      from(size() - 1, data, bytes);
    }
    void together(const std::function<void()>& fn) override {
      fn();
      all_.barrier_.arrive_and_wait();
    }
    int64_t bytes_sent() const override { return 0; }

   private:
    static void take(const SharedArray& theirs, const SharedArray& ours, int rank) {
      const Piece piece = theirs.pieces[rank];
      if (piece.size() <= 0) return;
      std::memcpy(static_cast<char*>(ours.data) + piece.begin * ours.width,
                  static_cast<const char*>(theirs.data) + piece.begin * theirs.width,
                  piece.size() * ours.width);
    }
    void from(int root, void* data, int64_t bytes) {
      all_.data_[rank_] = data;
      all_.barrier_.arrive_and_wait();
      if (rank_ != root) std::memcpy(data, all_.data_[root], bytes);
      all_.barrier_.arrive_and_wait();
    }
    ThreadPeers& all_;
    int rank_;
  };

  std::barrier<> barrier_;
  std::vector<std::span<const SharedArray>> arrays_;
  std::vector<void*> data_;
  int ranks_;
};

}  // namespace latent
