#include "src/train/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <fstream>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/log.h"
#include "src/formats/crc32.h"

namespace latent {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr char kMagic[8] = {'L', 'A', 'T', 'C', 'K', 'P', 'T', '1'};
constexpr int kKept = 2;
constexpr const char* kCutShort = "the checkpoint is cut short";
constexpr const char* kDamaged = "the checkpoint is damaged (checksum)";

void check(bool good, const fs::path& path, const char* what) {
  if (!good) throw Error(path.string() + ": " + what);
}

/// Reads a file once from front to end, summing as it goes.
class SummedReader {
 public:
  explicit SummedReader(const fs::path& path) : path_(path) {
    std::error_code unknown;
    left_ = fs::file_size(path, unknown);
    in_.open(path, std::ios::binary);
    if (unknown || !in_) throw Error(path.string() + ": cannot open");
  }
  uint64_t left() const { return left_; }

  void read(void* to, uint64_t bytes) {
    char* at = static_cast<char*>(to);
    for (uint64_t part; bytes > 0; at += part, bytes -= part) {
      part = std::min<uint64_t>(bytes, kPart);
      take(at, part);
      crc_ = crc32_of(at, part, crc_);  // while it is in the cache
    }
  }
  void skip(uint64_t bytes) {
    std::vector<char> part(std::min<uint64_t>(bytes, kPart));
    for (uint64_t n; bytes > 0; bytes -= n) read(part.data(), n = std::min<uint64_t>(bytes, kPart));
  }
  bool ends_with_its_sum() {
    uint32_t said = 0;
    if (left_ != sizeof said) return false;
    take(&said, sizeof said);
    return said == crc_;
  }

 private:
  static constexpr uint64_t kPart = 1 << 18;

  void take(void* to, uint64_t bytes) {
    if (bytes > left_ ||
        !in_.read(static_cast<char*>(to), static_cast<std::streamsize>(bytes)))
      throw Error(path_.string() + ": " + kCutShort);
    left_ -= bytes;
  }

  fs::path path_;
  std::ifstream in_;
  uint64_t left_ = 0;
  uint32_t crc_ = 0;
};

/// The size of a tensor, or more than `most` for one that cannot be.
uint64_t bytes_of(const std::vector<int64_t>& shape, uint64_t each, uint64_t most) {
  uint64_t bytes = each;
  for (const int64_t n : shape) {
    if (n < 0 || (n > 0 && bytes > most / static_cast<uint64_t>(n))) return most + 1;
    bytes *= static_cast<uint64_t>(n);
  }
  return bytes;
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

Checkpoint load_checkpoint(const fs::path& path, const Wanted& wanted) {
  SummedReader file(path);
  char magic[sizeof kMagic];
  uint64_t header_size = 0;
  check(file.left() >= sizeof magic, path, "not a checkpoint of latent");
  file.read(magic, sizeof magic);
  check(std::memcmp(magic, kMagic, sizeof kMagic - 1) == 0, path, "not a checkpoint of latent");
  check(magic[sizeof kMagic - 1] == kMagic[sizeof kMagic - 1], path,
        "a checkpoint of another version of latent");
  check(file.left() >= sizeof header_size, path, kCutShort);
  file.read(&header_size, sizeof header_size);
  check(header_size <= file.left(), path, kCutShort);
  std::string text(header_size, '\0');
  file.read(text.data(), text.size());
  // Until the checksum is known nothing of this need be true.
  const json header = json::parse(text, nullptr, /*allow_exceptions=*/false);
  Checkpoint out;
  try {
    out.state = header.at("state");
    for (const json& entry : header.at("tensors")) {
      const auto name = entry.at("name").get<std::string>();
      const auto shape = entry.at("shape").get<std::vector<int64_t>>();
      const auto type = entry.value("type", "") == "float64" ? torch::kDouble : torch::kFloat;
      const uint64_t bytes = bytes_of(shape, torch::elementSize(type), file.left());
      check(bytes <= file.left(), path, kCutShort);
      if (wanted && !wanted(out.state, name)) {
        file.skip(bytes);
        continue;
      }
      torch::Tensor tensor = torch::empty(shape, type);
      file.read(tensor.data_ptr(), bytes);
      out.tensors.emplace_back(name, tensor);
    }
  } catch (const json::exception&) {
    throw Error(path.string() + ": " + kDamaged);
  }
  check(file.ends_with_its_sum(), path, kDamaged);
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
    const auto all = files();
    if (all.empty()) return std::nullopt;
    bool removed = false;
    for (auto path = all.rbegin(); path != all.rend() && !removed; ++path) {
      try {
        return load_checkpoint(*path, wanted);
      } catch (const Error& e) {
        // The owner removes a checkpoint only after it has written newer ones.
        std::error_code unknown;
        removed = !fs::exists(*path, unknown);
        if (!removed) say(std::string(e.what()) + "; trying an older one");
      }
    }
    if (!removed) break;
  }
  throw Error(folder_.string() + ": no checkpoint is whole; train again with --overwrite");
}

}  // namespace latent
