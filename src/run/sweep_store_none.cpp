// What a build without SQLite says of a sweep.
#include "src/base/error.h"
#include "src/run/sweep_store.h"

namespace latent {

SweepStore::SweepStore(const std::string& path, const SweepPlan&) : path_(path) {
  throw Error(path + ": this build has no SQLite, in which a sweep keeps its results; install "
              "libsqlite3-dev and build again");
}
SweepStore::~SweepStore() = default;

// Nobody has a store to ask.
TrialFits SweepStore::fits() const { return {}; }
void SweepStore::add(const FitKey&, const TrialFit&) {}
void SweepStore::add_winner(int64_t, int64_t, const std::string&, const std::string&) {}

}  // namespace latent
