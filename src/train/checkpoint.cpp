#include "src/train/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <fstream>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/log.h"

namespace latent {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr char kMagic[8] = {'L', 'A', 'T', 'C', 'K', 'P', 'T', '1'};
constexpr int kKept = 2;

void check(bool good, const fs::path& path, const char* what) {
  if (!good) throw Error(path.string() + ": " + what);
}

torch::Dtype type_of(const torch::Tensor& t) {
  return t.scalar_type() == torch::kDouble ? torch::kDouble : torch::kFloat;
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
    to.copy_(tensor);
    return;
  }
  throw Error("the checkpoint has no table '" + name + "'");
}

void save_checkpoint(const fs::path& path, const Checkpoint& checkpoint) {
  json names = json::array();
  for (const auto& [name, tensor] : checkpoint.tensors) {
    names.push_back({{"name", name}, {"shape", tensor.sizes().vec()}});
    if (type_of(tensor) == torch::kDouble) names.back()["type"] = "float64";
  }
  const std::string header = json{{"state", checkpoint.state}, {"tensors", names}}.dump();
  const uint64_t size = header.size();
  AtomicFile file(path);
  uint32_t crc = 0;
  const auto put = [&](const void* data, size_t bytes) {
    crc = crc32_of(data, bytes, crc);
    file.write(data, bytes);
  };
  put(kMagic, sizeof kMagic);
  put(&size, sizeof size);
  put(header.data(), header.size());
  for (const auto& [name, tensor] : checkpoint.tensors) {
    const torch::Tensor plain = tensor.detach().to(torch::kCPU, type_of(tensor)).contiguous();
    put(plain.const_data_ptr(), plain.nbytes());
  }
  file.write(&crc, sizeof crc);
  file.commit();
}

Checkpoint load_checkpoint(const fs::path& path) {
  const std::string bytes = read_file(path);
  uint64_t header_size = 0;
  uint32_t crc = 0;
  constexpr size_t kFront = sizeof kMagic + sizeof header_size;
  check(bytes.size() >= sizeof kMagic - 1 &&
            std::memcmp(bytes.data(), kMagic, sizeof kMagic - 1) == 0,
        path, "not a checkpoint of latent");
  check(bytes.size() >= kFront + sizeof crc, path, "the checkpoint is cut short");
  check(bytes[sizeof kMagic - 1] == kMagic[sizeof kMagic - 1], path,
        "a checkpoint of another version of latent");
  std::memcpy(&header_size, bytes.data() + sizeof kMagic, sizeof header_size);
  std::memcpy(&crc, bytes.data() + bytes.size() - sizeof crc, sizeof crc);
  check(crc == crc32_of(bytes.data(), bytes.size() - sizeof crc), path,
        "the checkpoint is damaged (checksum)");
  const json header = json::parse(bytes.substr(kFront, header_size));
  Checkpoint out;
  out.state = header.at("state");
  size_t at = kFront + header_size;
  for (const json& entry : header.at("tensors")) {
    torch::Tensor tensor =
        torch::empty(entry.at("shape").get<std::vector<int64_t>>(),
                     entry.value("type", "") == "float64" ? torch::kDouble : torch::kFloat);
    std::memcpy(tensor.data_ptr(), bytes.data() + at, tensor.nbytes());
    at += tensor.nbytes();
    out.tensors.emplace_back(entry.at("name").get<std::string>(), tensor);
  }
  return out;
}

std::vector<fs::path> CheckpointFolder::files() const {
  std::vector<fs::path> out;
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(folder_, absent)) {
    if (entry.path().extension() == ".ckpt") out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

void CheckpointFolder::save(int64_t step, const Checkpoint& checkpoint) const {
  char name[40];
  std::snprintf(name, sizeof name, "step-%012lld.ckpt", static_cast<long long>(step));
  save_checkpoint(folder_ / name, checkpoint);
  const auto all = files();
  std::error_code ignored;
  for (size_t n = 0; n + kKept < all.size(); ++n) fs::remove(all[n], ignored);
}

std::optional<Checkpoint> CheckpointFolder::newest() const {
  std::error_code absent;
  for (const auto& entry :
       fs::directory_iterator(folder_, absent)) {  // half-written when a run was killed
    if (entry.path().filename().string().find(".ckpt.tmp") != std::string::npos)
      fs::remove(entry.path(), absent);
  }
  auto all = files();
  std::string last_error;
  for (auto path = all.rbegin(); path != all.rend(); ++path) {
    try {
      return load_checkpoint(*path);
    } catch (const Error& e) {
      say(std::string(e.what()) + "; trying an older one");
      last_error = e.what();
    }
  }
  if (!all.empty())
    throw Error(folder_.string() + ": no checkpoint is whole; train again with --overwrite");
  return std::nullopt;
}

}  // namespace latent
