#include "src/formats/npz.h"

#include <algorithm>
#include <stdexcept>
#include <type_traits>

#include "src/base/error.h"

namespace latent {

namespace {

constexpr size_t kChunk = 1 << 16;  // values converted at a time
constexpr std::string_view kSuffix = ".npy";

/// A type's values, as T.
template <typename Stored, typename T>
void read_as(ZipStream& stream, std::vector<T>& out) {
  if constexpr (std::is_same_v<Stored, T>) {
    stream.read(out.data(), out.size() * sizeof(T));
  } else {
    std::vector<Stored> chunk;
    for (size_t at = 0; at < out.size(); at += chunk.size()) {
      chunk.resize(std::min(kChunk, out.size() - at));
      stream.read(chunk.data(), chunk.size() * sizeof(Stored));
      for (size_t n = 0; n < chunk.size(); ++n) out[at + n] = static_cast<T>(chunk[n]);
    }
  }
}

/// Column-major values in row-major order.
template <typename T>
std::vector<T> in_c_order(const std::vector<T>& values, const NpyShape& shape) {
  std::vector<T> out(values.size());
  std::vector<int64_t> at(shape.size()), step(shape.size());
  int64_t next = 1;
  for (size_t d = 0; d < shape.size(); ++d) {
    step[d] = next;
    next *= shape[d];
  }
  int64_t from = 0;
  for (T& value : out) {
    value = values[from];
    for (size_t d = shape.size(); d-- > 0;) {
      from += step[d];
      if (++at[d] < shape[d]) break;
      from -= step[d] * shape[d];
      at[d] = 0;
    }
  }
  return out;
}

/// The header of the .npy that `stream` begins with; checks that its values fill the entry.
NpyHeader read_header(ZipStream& stream, const ZipEntry& entry, const std::string& where) {
  char start[8];
  stream.read(start, sizeof start);
  if (std::string_view(start, kNpyMagic.size()) != kNpyMagic)
    throw Error(where + ": is not an array (.npy); write it with np.savez");
  const int version = static_cast<unsigned char>(start[6]);
  if (version < 1 || version > 3)
    throw Error(where + ": has .npy version " + std::to_string(version) +
                "; write it with a NumPy of today");
  uint32_t length = 0;
  const size_t length_bytes = version == 1 ? 2 : 4;
  stream.read(&length, length_bytes);
  constexpr uint32_t kLongest = 1 << 20;
  if (length > kLongest) throw Error(where + ": has an overlong header; write it with np.savez");
  std::string text(length, '\0');
  stream.read(text.data(), text.size());
  NpyHeader header = NpyHeader::parse(text, where);

  // Names what cannot be read before anything else is said about it.
  const std::string& type = header.dtype;
  if (type.find("|O") != std::string::npos)
    throw Error(where + ": holds Python objects, which are never unpickled; save numbers or text");
  if (type[0] == '>')
    throw Error(where + ": is big-endian (" + type + "); save array.astype('<" + type.substr(1) +
                "')");
  const int64_t width = header.width(), count = count_of(header.shape);
  int64_t bytes = 0;
  if (width >= 0 &&
      (count < 0 || __builtin_mul_overflow(count, width, &bytes) ||
       static_cast<uint64_t>(bytes) + sizeof start + length_bytes + length != entry.bytes)) {
    throw Error(where + ": is " + shape_text(header.shape) + " of " + in_quotes(type) +
                ", which is not what its " + std::to_string(entry.bytes) +
                " bytes hold; write it again");
  }
  return header;
}

}  // namespace

std::vector<std::string> NpzReader::names() const {
  std::vector<std::string> out;
  for (const ZipEntry& e : zip_.entries()) {
    if (e.name.ends_with(kSuffix)) out.push_back(e.name.substr(0, e.name.size() - kSuffix.size()));
  }
  return out;
}

const ZipEntry* NpzReader::find(const std::string& name) const {
  const std::string file = name + std::string(kSuffix);
  for (const ZipEntry& e : zip_.entries()) {
    if (e.name == file) return &e;
  }
  return nullptr;
}

const ZipEntry& NpzReader::entry(const std::string& name) const {
  const ZipEntry* const found = find(name);
  if (found != nullptr) return *found;
  std::string there;
  for (const std::string& n : names()) there += (there.empty() ? "" : ", ") + n;
  throw Error(zip_.path().string() + ": has no array " + in_quotes(name) + "; it has " +
              (there.empty() ? "none" : there));
}

NpyHeader NpzReader::header(const std::string& name) const {
  const ZipEntry& e = entry(name);
  ZipStream stream(zip_, e);
  return read_header(stream, e, zip_.path().string() + ": " + name);
}

template <typename T>
std::vector<T> NpzReader::values(const std::string& name, const std::optional<NpyShape>& expected,
                                 const std::string& advice) const {
  const ZipEntry& e = entry(name);
  const std::string where = zip_.path().string() + ": " + name;
  ZipStream stream(zip_, e);
  const NpyHeader header = read_header(stream, e, where);
  const auto fits = [](int64_t is, int64_t wanted) { return wanted == kAnyExtent || is == wanted; };
  if (expected && !std::equal(header.shape.begin(), header.shape.end(), expected->begin(),
                              expected->end(), fits)) {
    throw Error(where + " is " + shape_text(header.shape) + ", expected " + shape_text(*expected) +
                "; " + (advice.empty() ? "save it with that shape" : advice));
  }
  constexpr bool kIntegers = std::is_integral_v<T>;
  const std::string& type = header.dtype;
  const bool real = type == "<f4" || type == "<f8";
  if ((real && kIntegers) || (!real && type != "<i4" && type != "<i8" && type != "|b1")) {
    throw Error(where + ": has dtype " + in_quotes(type) + "; save it as " +
                (kIntegers ? "int64, int32 or bool" : "float32, float64, int32, int64 or bool"));
  }
  std::vector<T> out(static_cast<size_t>(count_of(header.shape)));
  if (type == "<f4") read_as<float>(stream, out);
  if (type == "<f8") read_as<double>(stream, out);
  if (type == "<i4") read_as<int32_t>(stream, out);
  if (type == "<i8") read_as<int64_t>(stream, out);
  if (type == "|b1") read_as<uint8_t>(stream, out);
  stream.finish();
  return header.fortran_order && header.shape.size() > 1 ? in_c_order(out, header.shape) : out;
}

std::vector<float> NpzReader::floats(const std::string& name,
                                     const std::optional<NpyShape>& expected,
                                     const std::string& advice) const {
  return values<float>(name, expected, advice);
}

std::vector<double> NpzReader::doubles(const std::string& name,
                                       const std::optional<NpyShape>& expected,
                                       const std::string& advice) const {
  return values<double>(name, expected, advice);
}

std::vector<int64_t> NpzReader::integers(const std::string& name,
                                         const std::optional<NpyShape>& expected,
                                         const std::string& advice) const {
  return values<int64_t>(name, expected, advice);
}

std::vector<std::string> NpzReader::texts(const std::string& name) const {
  const ZipEntry& e = entry(name);
  const std::string where = zip_.path().string() + ": " + name;
  ZipStream stream(zip_, e);
  const NpyHeader header = read_header(stream, e, where);
  if (!header.dtype.starts_with("<U") || header.width() < 0 || header.shape.size() > 1)
    throw Error(where + ": is " + shape_text(header.shape) + " of dtype " +
                in_quotes(header.dtype) + "; save it as a list of str");
  std::vector<std::string> out(static_cast<size_t>(count_of(header.shape)));
  std::vector<uint32_t> points;
  // An array of no texts may claim any width.
  if (!out.empty()) points.resize(static_cast<size_t>(header.width()) / sizeof(uint32_t));
  for (std::string& text : out) {
    stream.read(points.data(), points.size() * sizeof(uint32_t));
    text = from_code_points(points);
  }
  stream.finish();
  return out;
}

void NpzWriter::add_raw(const std::string& name, const NpyHeader& header, const void* data,
                        size_t count, size_t width) {
  if (count_of(header.shape) != static_cast<int64_t>(count))
    throw std::invalid_argument(name + ": " + std::to_string(count) + " values for a shape of " +
                                shape_text(header.shape));
  const std::string head = header.bytes();
  zip_.add(name + std::string(kSuffix), head.size() + count * width,
           [&](const ZipWriter::Sink& sink) {
             sink(head.data(), head.size());
             sink(data, count * width);
           });
}

void NpzWriter::add(const std::string& name, std::span<const float> values, const NpyShape& shape) {
  add_raw(name, {"<f4", false, shape}, values.data(), values.size(), sizeof(float));
}

void NpzWriter::add(const std::string& name, std::span<const double> values,
                    const NpyShape& shape) {
  add_raw(name, {"<f8", false, shape}, values.data(), values.size(), sizeof(double));
}

void NpzWriter::add(const std::string& name, std::span<const int32_t> values,
                    const NpyShape& shape) {
  add_raw(name, {"<i4", false, shape}, values.data(), values.size(), sizeof(int32_t));
}

void NpzWriter::add(const std::string& name, std::span<const int64_t> values,
                    const NpyShape& shape) {
  add_raw(name, {"<i8", false, shape}, values.data(), values.size(), sizeof(int64_t));
}

void NpzWriter::add_flag(const std::string& name, bool value) {
  const uint8_t byte = value;
  add_raw(name, {"|b1", false, {}}, &byte, 1, 1);
}

void NpzWriter::add_text(const std::string& name, const std::string& value) {
  add_texts(name, {&value, 1}, {});
}

void NpzWriter::add_texts(const std::string& name, std::span<const std::string> values) {
  add_texts(name, values, {static_cast<int64_t>(values.size())});
}

void NpzWriter::add_texts(const std::string& name, std::span<const std::string> values,
                          const NpyShape& shape) {
  size_t longest = 1;  // NumPy has no text of width 0
  for (const std::string& text : values) longest = std::max(longest, code_points(text).size());
  const std::string head = NpyHeader{"<U" + std::to_string(longest), false, shape}.bytes();
  const size_t row = longest * sizeof(uint32_t);
  zip_.add(name + std::string(kSuffix), head.size() + values.size() * row,
           [&](const ZipWriter::Sink& sink) {
             sink(head.data(), head.size());
             for (const std::string& text : values) {
               std::vector<uint32_t> points = code_points(text);
               points.resize(longest);
               sink(points.data(), row);
             }
           });
}

}  // namespace latent
