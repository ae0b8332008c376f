// Reads the pickles in which TorchScript files of earlier versions hold a module's attributes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace latent {

struct PickledValue;
using Pickled = std::shared_ptr<const PickledValue>;

/// A tensor as it is pickled: which storage it lies in, and how.
struct PickledTensor {
  std::string storage;  ///< "data/STORAGE" is the zip's member
  std::string type;     ///< "FloatStorage"
  int64_t offset = 0;   ///< in values
  std::vector<int64_t> shape, strides;
};

struct PickledValue {
  /// None, or the name of a class, is a null pointer's place: monostate.
  std::variant<std::monostate, bool, int64_t, double, std::string, std::vector<Pickled>,
               PickledTensor>
      value;
  int depth = 0;  ///< of lists within it
};

/// The attributes of the one object in `pickle`: that of a TorchScript module without submodules.
/// Only what such pickles hold is known, and nothing in them is run. Lists and tuples are vectors,
/// dicts are left out (null). Throws std::runtime_error for anything else.
std::map<std::string, Pickled> pickled_attributes(std::string_view pickle);

}  // namespace latent
