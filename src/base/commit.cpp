#include "src/base/commit.h"

#include "commit.inc"

namespace latent {

std::string build_commit() { return LATENT_COMMIT; }

}  // namespace latent
