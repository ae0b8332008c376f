#include "src/serve/model_file.h"

#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/base/json_text.h"
#include "src/formats/crc32.h"
#include "src/formats/pickle.h"
#include "src/formats/zip.h"

namespace latent {

namespace {

using nlohmann::json;
using Members = std::map<std::string, std::span<const char>>;

constexpr uint64_t kHarmless = 1 << 24;  // bytes of a text, whatever it was unpacked from
constexpr uint64_t kMostPacked = 200;    // times that a text is longer than what it is packed to
constexpr const char* kManifest = "extra/latent.json";

InputFile opened(const std::string& path) {
  if (!std::filesystem::exists(path)) throw Error(path + ": no such model file");
  if (std::filesystem::is_directory(path))
    throw Error(path + ": is a folder; give the model.pt in it");
  return InputFile(path);
}

/// Texts of a model: as long as a safetensors header may be, whatever they were packed to.
std::string read_member(const ZipReader& zip, const ZipEntry& entry) {
  constexpr uint64_t kMost = 1'000'000'000;  // the first formats held all ids in one of them
  if (entry.bytes > kMost || (entry.bytes > kHarmless && entry.bytes / kMostPacked > entry.packed))
    zip.file().damaged(entry.name + " unpacks to " + std::to_string(entry.bytes) + " bytes");
  std::string out;
  zip.read(entry, [&](const void* data, size_t n) { out.append(static_cast<const char*>(data), n); });
  return out;
}

const ZipEntry* find_member(const ZipReader& zip, const std::string& name) {
  for (const ZipEntry& entry : zip.entries()) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

/// A description of the file in it: an object whose parts are what readers take them for.
json parsed(const std::string& text) {
  json said = json_of(text);
  if (!said.is_object()) throw std::runtime_error("its description is no JSON object");
  for (const char* part : {"config", "provenance", "model", "arrays"}) {
    if (said.contains(part) && !said[part].is_object())
      throw std::runtime_error("its description has a wrong " + std::string(part));
  }
  return said;
}

/// No part of a path leads upwards.
bool is_plain(const std::string& name) {
  for (const auto& part : std::filesystem::path(name)) {
    if (part == "..") return false;
  }
  return true;
}

ValueType type_of_storage(const std::string& name) {
  static const std::map<std::string, ValueType> kTypes = {
      {"FloatStorage", ValueType::kFloat32}, {"DoubleStorage", ValueType::kFloat64},
      {"IntStorage", ValueType::kInt32},     {"LongStorage", ValueType::kInt64},
      {"ByteStorage", ValueType::kUint8}};
  const auto at = kTypes.find(name);
  if (at == kTypes.end()) throw std::runtime_error("an unknown type of values");
  return at->second;
}

/// Whether the values lie one after another, from the storage's first on.
bool is_contiguous(const PickledTensor& t) {
  if (t.strides.size() != t.shape.size()) return false;
  int64_t stride = 1;
  for (size_t n = t.shape.size(); n-- > 0;) {
    if (t.strides[n] != stride && t.shape[n] > 1) return false;
    if (t.shape[n] < 0 || __builtin_mul_overflow(stride, t.shape[n], &stride)) return false;
  }
  return t.offset == 0;
}

}  // namespace

ModelFile::ModelFile(const std::string& path, Hold hold)
    : path_(path), file_(opened(path)), bytes_(file_, hold) {
  try {
    if (file_.text_at(0, 2) == "PK")
      read_zip();
    else
      read_safetensors();
  } catch (const Error& e) {
    // What the zip's reader says, with what it means.
    const std::string said = e.what();
    if (!said.ends_with("copy it again")) throw;
    damaged(said.substr(std::min(said.size(), path_.size() + 2)));
  } catch (const std::runtime_error& e) {
    damaged(e.what());
  } catch (const json::exception&) {
    damaged("its description is not what it should be");
  }
}

void ModelFile::damaged(const std::string& what) const {
  throw Error(path_ + ": not a model exported by latent (damaged, or another kind of file): " +
              what);
}

void ModelFile::read_zip() {
  const ZipReader zip(InputFile(path_), "a model exported by latent (no zip archive)");
  Members members;
  const ZipEntry* manifest = nullptr;
  for (const ZipEntry& entry : zip.entries()) {
    if (!is_plain(entry.name)) damaged("a member's name leads out of it");
    const size_t slash = entry.name.find('/');
    if (slash == std::string::npos) continue;
    if (entry.name.substr(slash + 1) == kManifest) {
      archive_ = entry.name.substr(0, slash + 1);
      manifest = &entry;
    }
  }
  if (manifest == nullptr) damaged("it has no " + std::string(kManifest));
  metadata_ = read_member(zip, *manifest);
  for (const ZipEntry& entry : zip.entries()) {
    if (!entry.name.starts_with(archive_ + "data/") || entry.method != 0) continue;
    if (entry.bytes != entry.packed) damaged(entry.name + " has two sizes");
    members[entry.name.substr(archive_.size())] =
        bytes_.all().subspan(zip.place_of(entry), entry.packed);
  }
  const json said = parsed(metadata_);
  format_ = said.value("format", 0);
  if (format_ >= 1 && format_ < 4)
    read_pickle(zip);
  else
    read_manifest(members);
}

void ModelFile::read_manifest(const Members& members) {
  const json said = parsed(metadata_);
  format_ = said.value("format", 0);
  if (format_ > kModelFormat)
    throw Error(path_ + ": is of format " + std::to_string(format_) +
                ", which a newer version of latent wrote; this one reads formats up to " +
                std::to_string(kModelFormat));
  if (format_ < 1) damaged("it does not say of which format it is");
  facts_ = said.at("model");
  if (!facts_.is_object()) damaged("it does not say what the model is");
  if (said.contains("fold_in")) fold_in_ = fold_in_spec(said.at("fold_in"));
  for (auto& [name, entry] : read_arrays(said.at("arrays"))) {
    const auto at = members.find(entry.member);
    if (at == members.end() || at->second.size() != entry.bytes())
      damaged("its array " + name + " is not as long as it says");
    add(name, entry, at->second);
  }
}

void ModelFile::add(const std::string& name, ArrayEntry entry, std::span<const char> bytes) {
  const auto width = static_cast<uintptr_t>(bytes_of(entry.type));
  if (reinterpret_cast<uintptr_t>(bytes.data()) % width != 0)
    bytes = aligned_.emplace_back(bytes.begin(), bytes.end());
  arrays_.emplace(std::piecewise_construct, std::forward_as_tuple(name),
                  std::forward_as_tuple(path_, name, std::move(entry), bytes));
}

// Formats 1 to 3: the module's attributes, without a word of latent's on where they lie.
void ModelFile::read_pickle(const ZipReader& zip) {
  const ZipEntry* const pickle = find_member(zip, archive_ + "data.pkl");
  if (pickle == nullptr) damaged("it has no data.pkl");
  const auto attributes = pickled_attributes(read_member(zip, *pickle));
  const auto add_tensor = [&](const std::string& name, const PickledTensor& t) {
    const ZipEntry* const entry = find_member(zip, archive_ + "data/" + t.storage);
    ArrayEntry array{"data/" + t.storage, type_of_storage(t.type), t.shape, {}};
    if (entry == nullptr || entry->method != 0 || !is_contiguous(t) ||
        entry->packed != array.bytes())
      damaged("its array " + name + " is not as long as it says");
    zip.read(*entry, [](const void*, size_t) {});  // its checksum
    add(name, std::move(array), bytes_.all().subspan(zip.place_of(*entry), entry->packed));
  };
  for (const auto& [name, value] : attributes) {
    if (!value) continue;
    if (const auto* tensor = std::get_if<PickledTensor>(&value->value)) add_tensor(name, *tensor);
    if (const auto* number = std::get_if<int64_t>(&value->value)) facts_[name] = *number;
    if (const auto* number = std::get_if<double>(&value->value)) facts_[name] = *number;
    if (const auto* text = std::get_if<std::string>(&value->value); text && name == "model_name")
      facts_[name] = *text;
    const auto* const list = std::get_if<std::vector<Pickled>>(&value->value);
    if (list == nullptr) continue;
    static constexpr const char* kParts[] = {".text", ".start", ".slots"};  // of a table of ids
    std::vector<std::string> texts;
    for (size_t n = 0; n < list->size(); ++n) {
      const Pickled& part = (*list)[n];
      if (!part) continue;
      if (const auto* tensor = std::get_if<PickledTensor>(&part->value); tensor && n < 3)
        add_tensor(name + kParts[n], *tensor);
      if (const auto* text = std::get_if<std::string>(&part->value)) texts.push_back(*text);
    }
    lists_[name] = std::move(texts);
  }
  facts_["bias_is_a_factor"] = text("model_name") == "implicit_bpr";
}

void ModelFile::read_safetensors() {
  const std::span<const char> all = bytes_.all();
  constexpr uint64_t kMost = 100'000'000;  // of the header, as the format says
  const auto no_model = [&]() { damaged("it is neither a TorchScript nor a safetensors file"); };
  if (all.size() < 8) no_model();
  const auto header_bytes = value_at<uint64_t>(all.data());
  if (header_bytes > kMost || header_bytes > all.size() - 8) no_model();
  const std::string header(all.data() + 8, header_bytes);
  if (!header.starts_with('{')) no_model();
  const std::span<const char> data = all.subspan(8 + header_bytes);
  const json tensors = parsed(header);
  const json& texts = tensors.at("__metadata__");
  metadata_ = texts.at("latent").get<std::string>();
  char checksum[12];
  std::snprintf(checksum, sizeof checksum, "%08x", crc32_of(metadata_.data(), metadata_.size()));
  if (texts.at("latent_crc32") != checksum) damaged("its description has another checksum");
  Members members;
  for (const auto& [name, tensor] : tensors.items()) {
    if (name == "__metadata__") continue;
    const auto& offsets = tensor.at("data_offsets");
    const auto from = offsets.at(0).get<uint64_t>(), to = offsets.at(1).get<uint64_t>();
    if (from > to || to > data.size()) damaged("its array " + name + " lies beyond its end");
    members[name] = data.subspan(from, to - from);
  }
  read_manifest(members);
}

std::string ModelFile::code() const {
  if (!is_zip()) return "";
  const ZipReader zip(InputFile(path_), "a zip archive");
  const ZipEntry* const entry = find_member(zip, archive_ + "code/__torch__.py");
  return entry == nullptr ? "" : read_member(zip, *entry);
}

const StoredArray& ModelFile::array(const std::string& name, ValueType type, int64_t size) const {
  static const StoredArray kNone;
  const auto at = arrays_.find(name);
  if (at == arrays_.end()) return kNone;
  if (at->second.type() != type || (size >= 0 && at->second.size() != size))
    damaged("its array " + name + " has another size or type than the model");
  return at->second;
}

std::optional<double> ModelFile::number(const std::string& name) const {
  const auto at = facts_.find(name);
  if (at == facts_.end() || !at->is_number()) return std::nullopt;
  return at->get<double>();
}
std::string ModelFile::text(const std::string& name) const {
  const auto at = facts_.find(name);
  return at == facts_.end() || !at->is_string() ? "" : at->get<std::string>();
}
bool ModelFile::flag(const std::string& name) const {
  const auto at = facts_.find(name);
  return at != facts_.end() && at->is_boolean() && at->get<bool>();
}
const std::vector<std::string>* ModelFile::list(const std::string& name) const {
  const auto at = lists_.find(name);
  return at == lists_.end() ? nullptr : &at->second;
}

}  // namespace latent
