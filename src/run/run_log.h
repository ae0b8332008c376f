// What a training writes of its steps: log.jsonl, and event files for TensorBoard.
#pragma once

#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "src/formats/event_file.h"

namespace latent {

/// log.jsonl, open for appending. A kill must not take lines of steps that a checkpoint holds, so
/// each line is written at once.
class RunLogWriter {
 public:
  /// `mark` names the fit in each line; empty: the first. `events`: the folder for TensorBoard's
  /// files; empty: none are written.
  RunLogWriter(const std::string& path, std::string mark, std::string events);
  ~RunLogWriter();
  RunLogWriter(const RunLogWriter&) = delete;
  RunLogWriter& operator=(const RunLogWriter&) = delete;

  /// A line with its "step". Throws SystemError where it cannot be written.
  void add(nlohmann::ordered_json line);

 private:
  void add_events(const nlohmann::ordered_json& line);

  std::string path_, mark_, events_folder_;
  std::optional<EventFile> events_;
  std::FILE* file_;
};

}  // namespace latent
