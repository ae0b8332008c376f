#include "src/train/checkpoint.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/formats/checkpoint_files.h"
#include "src/formats/sections.h"
#include "src/train/tensor_data.h"

namespace latent {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kMagic = "LATCKPT1";
constexpr int kKept = 2;

/// The size of a tensor, or more than `most` for one that cannot be.
uint64_t bytes_of(const std::vector<int64_t>& shape, uint64_t each, uint64_t most) {
  uint64_t bytes = each, extents = 1;
  for (const int64_t n : shape) {
    if (n < 0 || (n > 0 && bytes > most / static_cast<uint64_t>(n))) return most + 1;
    bytes *= static_cast<uint64_t>(n);
    // Of nothing, too, a tensor is made only where its extents have a product.
    constexpr uint64_t kMost = uint64_t{1} << 40;
    if (n > 0 && extents > kMost / static_cast<uint64_t>(n)) return most + 1;
    extents *= std::max<uint64_t>(1, static_cast<uint64_t>(n));
  }
  return bytes;
}

/// The types of arrays that a file holds, and their names there.
constexpr std::pair<torch::Dtype, const char*> kTypes[] = {
    {torch::kFloat, "float32"}, {torch::kDouble, "float64"}, {torch::kBFloat16, "bfloat16"}};

std::pair<torch::Dtype, std::string> type_of(const torch::Tensor& t) {
  for (const auto& type : kTypes) {
    if (type.first == t.scalar_type()) return type;
  }
  return kTypes[0];
}

/// Without a name: float32. Nothing: none of ours.
std::optional<torch::Dtype> type_named(const std::string& name) {
  if (name.empty()) return torch::kFloat;
  for (const auto& type : kTypes) {
    if (type.second == name) return type.first;
  }
  return std::nullopt;
}

}  // namespace

void copy_named(const NamedTensors& from, const std::string& name, torch::Tensor to) {
  const torch::NoGradGuard no_grad;
  for (const auto& [key, tensor] : from) {
    if (key != name) continue;
    if (tensor.sizes() != to.sizes()) {
      throw Error("the checkpoint's table '" + name.substr(name.find('.') + 1) +
                  "' has another shape than the model's; was the data changed?");
    }
    if (in_bfloat16(tensor) != in_bfloat16(to)) {
      const auto precision = [](const torch::Tensor& t) {
        return std::string(in_bfloat16(t) ? "bfloat16" : "float");
      };
      throw Error("the checkpoint's table '" + name.substr(name.find('.') + 1) + "' is of " +
                  precision(tensor) + " numbers; set model.precision to " + precision(tensor) +
                  ", or train anew with --overwrite");
    }
    to.copy_(tensor);
    return;
  }
  throw Error("the checkpoint has no table '" + name + "'");
}

void save_checkpoint(const fs::path& path, const Checkpoint& checkpoint) {
  json names = json::array();
  for (const auto& [name, tensor] : checkpoint.tensors) {
    names.push_back({{"name", name}, {"shape", tensor.sizes().vec()}});
    const auto [type, type_name] = type_of(tensor);
    if (type != torch::kFloat) names.back()["type"] = type_name;
  }
  const std::string header = json{{"state", checkpoint.state}, {"tensors", names}}.dump();
  SectionsWriter file(path, kMagic, header);
  for (const auto& [name, tensor] : checkpoint.tensors) {
    const torch::Tensor plain = tensor.detach().to(torch::kCPU, type_of(tensor).first).contiguous();
    file.add(plain.const_data_ptr(), plain.nbytes());
  }
  file.commit();
}

Checkpoint load_checkpoint(const fs::path& path, const Wanted& wanted) {
  SectionsReader file(path, kMagic, "checkpoint");
  Checkpoint out;
  try {
    out.state = file.header().at("state");
    for (const json& entry : file.header().at("tensors")) {
      const auto name = entry.at("name").get<std::string>();
      const auto shape = entry.at("shape").get<std::vector<int64_t>>();
      const auto type = type_named(entry.value("type", ""));
      if (!type) file.fail_damaged();
      const uint64_t bytes = bytes_of(shape, torch::elementSize(*type), file.left());
      if (bytes > file.left() || (wanted && !wanted(out.state, name))) {
        file.next(nullptr, bytes);
        continue;
      }
      torch::Tensor tensor = torch::empty(shape, *type);
      file.next(tensor.data_ptr(), bytes);
      out.tensors.emplace_back(name, tensor);
    }
  } catch (const json::exception&) {
    file.fail_damaged();
  }
  file.finish();
  return out;
}

int64_t CheckpointFolder::newest_step() const { return newest_checkpoint_step(folder_); }

void CheckpointFolder::save(int64_t step, const Checkpoint& checkpoint) const {
  save_checkpoint(checkpoint_file(folder_, step), checkpoint);
  const auto all = checkpoint_files(folder_);
  std::error_code ignored;
  for (size_t n = 0; n + kKept < all.size(); ++n) fs::remove(all[n], ignored);
}

void CheckpointFolder::remove_half_written() const {
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(folder_, absent)) {
    if (entry.path().filename().string().find(".ckpt.tmp") != std::string::npos)
      fs::remove(entry.path(), absent);
  }
}

std::optional<Checkpoint> CheckpointFolder::newest(const Wanted& wanted) const {
  constexpr int kListings = 100;  // the owner cannot be that much faster than a reader
  for (int listing = 0; listing < kListings; ++listing) {
    const auto all = checkpoint_files(folder_);
    if (all.empty()) return std::nullopt;
    bool removed = false;
    for (auto path = all.rbegin(); path != all.rend() && !removed; ++path) {
      try {
        return load_checkpoint(*path, wanted);
      } catch (const Error& e) {
        // The owner removes a checkpoint only after it has written newer ones.
        std::error_code unknown;
        removed = !fs::exists(*path, unknown);
        // What the machine could not read may be whole: the older one would be another model.
        if (!removed && dynamic_cast<const SystemError*>(&e) != nullptr) throw;
        if (!removed) say(std::string(e.what()) + "; trying an older one");
      }
    }
    if (!removed) break;
  }
  throw Error(folder_.string() + ": no checkpoint is whole; train again with --overwrite");
}

}  // namespace latent
