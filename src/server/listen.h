// The socket that a server listens on.
#pragma once

#include "src/server/http_server.h"

namespace latent {

/// The caller closes it. Throws Error where the address is in use or none of this machine's.
int listen_at(const HttpAddress& address);

}  // namespace latent
