// Where the ranks of one training find each other, and say why they end: c10d's store.
#pragma once

#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>
#include <string>

#include "src/train/collective.h"

namespace latent {

class Rendezvous {
 public:
  /// Waits for all ranks to come; LostContact names those that do not.
  explicit Rendezvous(const TorchrunPlace& place);

  const TorchrunPlace& place() const { return place_; }
  const c10::intrusive_ptr<c10d::Store>& store() const { return store_; }

  /// Waits until all ranks have come to the place that `mark` names; LostContact says which of them
  /// "never <what>", or what one that has failed said.
  void arrive(const std::string& mark, std::chrono::milliseconds within, const std::string& what);
  /// Why this rank ends, for the others.
  void fail(const std::string& text);
  /// See World.
  void leave(const std::string& name, const std::string& text);
  std::string left(const std::string& name);
  /// An exchange has failed: throws LostContact with whose fault it is, as far as anybody can tell.
  [[noreturn]] void explain(const std::string& reason);

 private:
  void throw_told() const;
  bool is_there(const std::string& mark, int rank) const;
  /// Whether the rank is a process of this machine that runs.
  bool runs_here(int rank) const;

  TorchrunPlace place_;
  c10::intrusive_ptr<c10d::Store> store_;  // of this attempt
  c10::intrusive_ptr<c10d::Store> job_;    // of all of them
};

/// LibTorch's messages go on for pages.
std::string first_line(const std::string& text);

}  // namespace latent
