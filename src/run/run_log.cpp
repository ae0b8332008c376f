#include "src/run/run_log.h"

#include <utility>
#include <vector>

#include "src/base/error.h"

namespace latent {

using nlohmann::ordered_json;

RunLog::RunLog(const std::string& path, std::string mark, std::string events)
    : mark_(std::move(mark)),
      events_folder_(std::move(events)),
      file_(std::fopen(path.c_str(), "a")) {
  if (file_ == nullptr) throw errno_error(path, "cannot write");
  std::setvbuf(file_, nullptr, _IOLBF, 1 << 12);
}

RunLog::~RunLog() { std::fclose(file_); }

void RunLog::add(ordered_json line) {
  if (!mark_.empty()) line[mark_] = true;
  std::fprintf(file_, "%s\n", line.dump().c_str());
  if (!events_folder_.empty()) add_events(line);
}

void RunLog::add_events(const ordered_json& line) {
  const int64_t step = line.at("step");
  // The first step that this process makes: what an earlier one wrote from there on is void.
  if (!events_) events_.emplace(events_folder_, step);
  std::vector<std::pair<std::string, float>> scalars;
  for (const auto& [name, value] : line.items()) {
    if (value.is_number() && name != "step") scalars.emplace_back(name, value.get<float>());
  }
  events_->add(step, scalars);
}

}  // namespace latent
