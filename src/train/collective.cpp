#include "src/train/collective.h"

#ifdef LATENT_HAS_GLOO

#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <numeric>
#include <thread>

#include "src/train/rendezvous.h"

namespace latent {

namespace {

using std::chrono::milliseconds;

constexpr int64_t kRound = 1 << 24;  // bytes of a rank that travel at once
constexpr int64_t kSmall = 1 << 16;  // bytes that are soon sent

/// Bytes [from, to) of a rank's pieces, one after another: calls fn(memory, offset, bytes).
template <typename Fn>
void for_bytes(std::span<const SharedArray> arrays, int rank, int64_t from, int64_t to,
               const Fn& fn) {
  int64_t at = 0;
  for (const SharedArray& array : arrays) {
    const Piece piece = array.pieces[rank];
    const int64_t bytes = std::max<int64_t>(0, piece.size()) * array.width;
    const int64_t begin = std::max(from, at), end = std::min(to, at + bytes);
    if (begin < end)
      fn(static_cast<char*>(array.data) + piece.begin * array.width + (begin - at), begin - from,
         end - begin);
    at += bytes;
  }
}

int64_t bytes_of(std::span<const SharedArray> arrays, int rank) {
  int64_t sum = 0;
  for (const SharedArray& array : arrays)
    sum += std::max<int64_t>(0, array.pieces[rank].size()) * array.width;
  return sum;
}

at::Tensor wrapped(void* data, int64_t bytes) {
  return torch::from_blob(data, {bytes}, torch::kUInt8);
}

class GlooWorld : public World {
 public:
  explicit GlooWorld(const TorchrunPlace& place) : ranks_(place) {
    // Writing to a rank that is gone is an error with a line to say, no signal that ends this one.
    std::signal(SIGPIPE, SIG_IGN);
  }

  int rank() const override { return place().rank; }
  int size() const override { return place().size; }
  const TorchrunPlace& place() const override { return ranks_.place(); }
  void set_timeout(double seconds) override {
    timeout_ = milliseconds(static_cast<int64_t>(seconds * 1000));
  }
  void fail(const std::string& text) override { ranks_.fail(text); }
  void leave(const std::string& name, const std::string& text) override {
    ranks_.leave(name, text);
  }
  std::string left(const std::string& name) override { return ranks_.left(name); }
  int64_t bytes_sent() const override { return sent_; }

  void gather(std::span<const SharedArray> arrays) override {
    std::vector<int64_t> bytes;
    for (int r = 0; r < size(); ++r) bytes.push_back(bytes_of(arrays, r));
    const int64_t most = *std::ranges::max_element(bytes);
    const int64_t all = std::accumulate(bytes.begin(), bytes.end(), int64_t{0});
    // Gloo gathers equal parts: what differs much would travel filled up.
    if (most * size() > all + all / 2 + kSmall) return gather_one_by_one(arrays);
    sent_ += bytes[rank()] * (size() - 1);
    for (int64_t from = 0; from < most; from += kRound) {
      const int64_t count = std::min(kRound, most - from);
      own_.resize(count);
      all_.resize(count * size());
      for_bytes(arrays, rank(), from, from + count, [&](char* memory, int64_t at, int64_t n) {
        std::memcpy(own_.data() + at, memory, n);
      });
      std::vector<at::Tensor> inputs = {wrapped(own_.data(), count)};
      std::vector<std::vector<at::Tensor>> outputs(1);
      for (int r = 0; r < size(); ++r)
        outputs[0].push_back(wrapped(all_.data() + r * count, count));
      wait_for([&](auto& group) { return group.allgather(outputs, inputs); });
      for (int r = 0; r < size(); ++r) {
        if (r == rank()) continue;
        for_bytes(arrays, r, from, from + count, [&](char* memory, int64_t at, int64_t n) {
          std::memcpy(memory, all_.data() + r * count + at, n);
        });
      }
    }
  }

  void exchange(const std::vector<std::vector<char>>& out,
                std::vector<std::vector<char>>& in) override {
    std::vector<int64_t> sends(size()), takes(size());
    own_.clear();
    for (int r = 0; r < size(); ++r) {
      if (r == rank()) continue;
      own_.insert(own_.end(), out[r].begin(), out[r].end());
      sends[r] = std::ssize(out[r]);
      takes[r] = std::ssize(in[r]);
    }
    sent_ += std::ssize(own_);
    all_.resize(std::reduce(takes.begin(), takes.end()));
    at::Tensor from = wrapped(own_.data(), std::ssize(own_)),
               to = wrapped(all_.data(), std::ssize(all_));
    wait_for([&](auto& group) { return group.alltoall_base(to, from, takes, sends); });
    int64_t at = 0;  // c10d has taken the counts
    for (int r = 0; r < size(); ++r) {
      if (r == rank() || in[r].empty()) continue;
      std::memcpy(in[r].data(), all_.data() + at, std::ssize(in[r]));
      at += std::ssize(in[r]);
    }
  }

  void collect(const SharedArray& array) override {
    for (int r = 1; r < size(); ++r) {
      if (r != rank() && !first()) continue;
      const int64_t bytes = bytes_of({&array, 1}, r);
      for (int64_t from = 0; from < bytes; from += kRound) {
        for_bytes({&array, 1}, r, from, std::min(bytes, from + kRound),
                  [&](char* memory, int64_t, int64_t n) { pass(r, 0, memory, n); });
      }
    }
  }

  void broadcast(void* data, int64_t bytes) override { broadcast_from(0, data, bytes); }

  void in_turn(void* data, int64_t bytes, const std::function<void()>& add) override {
    if (rank() > 0) pass(rank() - 1, rank(), data, bytes);
    add();
    if (rank() + 1 < size()) pass(rank(), rank() + 1, data, bytes);
    broadcast_from(size() - 1, data, bytes);
  }

  void together(const std::function<void()>& fn) override {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false, failed = false;
    std::exception_ptr lost;
    // Says each second that this rank is at work, so that others go on waiting.
    std::thread speaker([&] {
      try {
        for (bool all = false; !all;) {
          std::unique_lock lock(mutex);
          changed.wait_for(lock, std::chrono::seconds(1), [&] { return done || failed; });
          if (failed) return;
          const bool own = done;
          lock.unlock();
          all = std::ranges::count(Peers::gather(int64_t{own}), 1) == size();
        }
      } catch (...) {
        lost = std::current_exception();
      }
    });
    const auto end = [&](bool& flag) {
      {
        const std::lock_guard lock(mutex);
        flag = true;
      }
      changed.notify_all();
      speaker.join();
    };
    try {
      fn();
    } catch (...) {
      end(failed);
      throw;
    }
    end(done);
    if (lost) std::rethrow_exception(lost);
  }

 private:
  void gather_one_by_one(std::span<const SharedArray> arrays) {
    for (int r = 0; r < size(); ++r) {
      for (const SharedArray& array : arrays) {
        const Piece piece = array.pieces[r];
        if (piece.size() > 0)
          broadcast_from(r, static_cast<char*>(array.data) + piece.begin * array.width,
                         piece.size() * array.width);
      }
    }
  }

  c10d::ProcessGroupGloo& group() {
    if (group_) return *group_;
    ranks_.arrive("ready/", timeout_, "got ready");
    auto options = c10d::ProcessGroupGloo::Options::create(timeout_);
    const char* const interface = std::getenv("GLOO_SOCKET_IFNAME");
    options->devices.push_back(
        interface != nullptr && *interface != '\0'
            ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
            : c10d::ProcessGroupGloo::createDefaultDevice());
    group_ = c10::make_intrusive<c10d::ProcessGroupGloo>(ranks_.store(), rank(), size(), options);
    return *group_;
  }

  template <typename Fn>
  void wait_for(const Fn& begin) {
    try {
      const auto work = begin(group());
      if (work) work->wait();
    } catch (const Error&) {
      throw;
    } catch (const std::exception& e) {
      ranks_.explain(first_line(e.what()));
    }
  }

  /// From one rank to another; nothing on all others.
  void pass(int from, int to, void* data, int64_t bytes) {
    if (bytes == 0 || (rank() != from && rank() != to)) return;
    std::vector<at::Tensor> tensors = {wrapped(data, bytes)};
    if (rank() == from) sent_ += bytes;
    wait_for([&](auto& group) {
      return rank() == from ? group.send(tensors, to, /*tag=*/from)
                            : group.recv(tensors, from, /*tag=*/from);
    });
  }

  void broadcast_from(int root, void* data, int64_t bytes) {
    if (rank() == root) sent_ += bytes * (size() - 1);
    for (int64_t from = 0; from < bytes; from += kRound) {
      std::vector<at::Tensor> tensors = {
          wrapped(static_cast<char*>(data) + from, std::min(kRound, bytes - from))};
      c10d::BroadcastOptions options;
      options.rootRank = root;
      wait_for([&](auto& group) { return group.broadcast(tensors, options); });
    }
  }

  Rendezvous ranks_;
  milliseconds timeout_{25000};
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
  std::vector<char> own_, all_;
  int64_t sent_ = 0;
};

}  // namespace

std::unique_ptr<World> World::join(const TorchrunPlace& place) {
  return std::make_unique<GlooWorld>(place);
}

}  // namespace latent

#else

namespace latent {

std::unique_ptr<World> World::join(const TorchrunPlace& place) {
  throw Error("WORLD_SIZE is " + std::to_string(place.size) +
              ", but this build has no distributed part: install Gloo's headers (libgloo-dev) and "
              "build again, or start one process without torchrun");
}

}  // namespace latent

#endif
