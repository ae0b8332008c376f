#include "src/run/run_log.h"

#include <utility>
#include <vector>

#include "src/base/error.h"

namespace latent {

using nlohmann::ordered_json;

RunLogWriter::RunLogWriter(const std::string& path, std::string mark, std::string events)
    : path_(path),
      mark_(std::move(mark)),
      events_folder_(std::move(events)),
      file_(std::fopen(path.c_str(), "a")) {
  if (file_ == nullptr) throw errno_error(path, "cannot write");
  std::setvbuf(file_, nullptr, _IOLBF, 1 << 12);
}

RunLogWriter::~RunLogWriter() { std::fclose(file_); }

void RunLogWriter::add(ordered_json line) {
  if (!mark_.empty()) line[mark_] = true;
  // A line that is lost would be missing from the curve without a word.
  if (std::fprintf(file_, "%s\n", line.dump().c_str()) < 0 || std::fflush(file_) != 0)
    throw errno_error(path_, "cannot write");
  if (!events_folder_.empty()) add_events(line);
}

void RunLogWriter::add_events(const ordered_json& line) {
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
