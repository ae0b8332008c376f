// Models as the folder of models that Triton Inference Server reads.
#pragma once

#include <string>

#include "src/export/torchscript.h"

namespace latent {

struct TritonRepository {
  std::string folder;   ///< made where there is none
  std::string run;      ///< what is exported, by name; NAME is triton_name(run)
  int64_t list_length;  ///< items in a list, at least 1
};

/// A name that Triton takes: other characters of `text` become underscores.
std::string triton_name(const std::string& text);

/// Writes two models, each of them a config.pbtxt and 1/model.pt:
///   NAME         INPUT__0: ids of users, strings [B] -> OUTPUT__0: ids of items, strings [B k], a
///                list after another, "" where one is shorter; OUTPUT__1: scores [B, k]
///   NAME_index   INPUT__0: indices of users [B, 1] -> OUTPUT__0: indices of items [B, k], -1 where
///                a list is shorter; OUTPUT__1: scores [B, k]. Requests are batched.
/// Lists leave out what a user has seen, as the TorchScript method recommend does. Throws Error
/// where a model of another run, or a later version, stands in their place.
void export_triton(const TritonRepository& to, const ExportSpec& spec);

}  // namespace latent
