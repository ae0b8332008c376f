// Where a request's body ends, taken strictly: a proxy in front must see the same requests.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "src/server/connection.h"

namespace latent {

using HeaderFields = std::vector<std::pair<std::string, std::string>>;  ///< names in small letters

struct BodyLength {
  bool chunked = false;
  int64_t bytes = 0;  ///< where it is not chunked
};

/// Throws HttpError: 400 for lengths that two readers could take differently, and for a body of a
/// GET or HEAD; 411 for a POST without a length; 413 beyond `most` bytes.
BodyLength body_length(const std::string& method, const HeaderFields& fields, int64_t most);

/// The body that chunks make, up to and with its trailer. Throws HttpError: 400 for what are no
/// chunks, 408 where they do not come in time, 413 beyond `most` bytes.
std::string read_chunks(Connection& connection, int64_t most);

}  // namespace latent
