#include <cstdlib>

#include "src/train/collective.h"

namespace latent {

namespace {

std::string from_environment(const char* name, const char* otherwise = nullptr) {
  const char* const value = std::getenv(name);
  if (value != nullptr && *value != '\0') return value;
  if (otherwise != nullptr) return otherwise;
  throw Error(std::string("WORLD_SIZE is set, but ") + name +
              " is not; start the program by torchrun --no-python, or unset WORLD_SIZE");
}

int environment_number(const char* name, int least, int most, const char* otherwise = nullptr) {
  const std::string text = from_environment(name, otherwise);
  char* end = nullptr;
  const long value = std::strtol(text.c_str(), &end, 10);
  if (end != text.c_str() && *end == '\0' && value >= least && value <= most)
    return static_cast<int>(value);
  throw Error("environment variable " + std::string(name) + " must be a number from " +
              std::to_string(least) + " to " + std::to_string(most) + ", not " + in_quotes(text));
}

}  // namespace

std::optional<TorchrunPlace> torchrun_place() {
  constexpr int kMost = 1 << 16;
  if (std::getenv("WORLD_SIZE") == nullptr) return std::nullopt;
  TorchrunPlace out;
  out.size = environment_number("WORLD_SIZE", 1, kMost);
  if (out.size == 1) return std::nullopt;
  out.rank = environment_number("RANK", 0, out.size - 1);
  out.local_size = environment_number("LOCAL_WORLD_SIZE", 1, kMost, "1");
  out.local_rank = environment_number("LOCAL_RANK", 0, kMost, "0");
  out.host = from_environment("MASTER_ADDR");
  out.port = environment_number("MASTER_PORT", 1, 65535);
  out.agent_store = from_environment("TORCHELASTIC_USE_AGENT_STORE", "False") == "True";
  out.restarts = environment_number("TORCHELASTIC_RESTART_COUNT", 0, 1 << 30, "0");
  return out;
}

}  // namespace latent
