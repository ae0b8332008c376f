#include "src/data/times.h"

#include "src/base/error.h"
#include "src/data/row.h"

namespace latent {

double parse_time(std::string_view text, const std::string& field) {
  if (const auto time = time_of(text)) return *time;
  throw RowError("time " + in_quotes(std::string(text)) + " (" + field +
                 ") is neither a number nor a date; name another field in data.time, or none");
}

}  // namespace latent
