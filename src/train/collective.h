// The processes that torchrun has started as one program: how they find each other and share
// arrays.
// LibTorch's c10d over Gloo; it promises no stability there, so all of it stays in one file.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "src/base/error.h"
#include "src/base/peers.h"

namespace latent {

/// Another rank has ended, failed or fallen silent.
struct LostContact : Error {
  using Error::Error;
};

/// What torchrun says in the environment.
struct TorchrunPlace {
  int rank = 0, size = 1;
  int local_rank = 0, local_size = 1;  ///< on this machine
  std::string host;                    ///< of the store
  int port = 0;
  bool agent_store = false;  ///< torchrun itself serves it; else rank 0 does
  int restarts = 0;
};

/// Nothing outside torchrun, or where it has started one process; Error where variables are missing
/// or no numbers.
std::optional<TorchrunPlace> torchrun_place();

class World : public Peers {
 public:
  /// Waits for all ranks to come. Error names those that do not.
  static std::unique_ptr<World> join(const TorchrunPlace& place);

  /// How long to wait for a rank that says nothing, before the first array is shared.
  virtual void set_timeout(double seconds) = 0;
  /// Says to all ranks why this one ends.
  virtual void fail(const std::string& text) = 0;
  virtual const TorchrunPlace& place() const = 0;
  /// Text by name that outlives these ranks where torchrun itself serves the store: those that it
  /// starts again after one has failed find it. Empty: there is none.
  virtual void leave(const std::string& name, const std::string& text) = 0;
  virtual std::string left(const std::string& name) = 0;
};

}  // namespace latent
