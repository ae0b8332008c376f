#include "src/formats/npz.h"

#include <algorithm>
#include <stdexcept>

#include "src/base/bytes.h"
#include "src/base/error.h"

namespace latent {

namespace {

constexpr std::string_view kSuffix = ".npy";

/// Whether the dictionary of an .npy has come whole: its length, and where it begins, by version.
bool has_header(const std::string& bytes, const std::string& where, size_t& start, size_t& length) {
  if (bytes.size() < 12) return false;
  if (!bytes.starts_with(kNpyMagic))
    throw Error(where + ": is not an array (.npy); write it with np.savez");
  const int version = static_cast<unsigned char>(bytes[6]);
  if (version < 1 || version > 3)
    throw Error(where + ": has .npy version " + std::to_string(version) +
                "; write it with a NumPy of today");
  start = version == 1 ? 10 : 12;
  length = version == 1 ? value_at<uint16_t>(&bytes[8]) : value_at<uint32_t>(&bytes[8]);
  constexpr size_t kLongest = 1 << 20;
  if (length > kLongest) throw Error(where + ": has an overlong header; write it with np.savez");
  return bytes.size() - start >= length;
}

/// What cannot be read is named before anything else is said about it; then the values must fill
/// the `bytes` bytes that follow the header.
void check(const NpyHeader& header, uint64_t bytes, const std::string& where) {
  const std::string& type = header.dtype;
  if (type.find("|O") != std::string::npos)
    throw Error(where + ": holds Python objects, which are never unpickled; save numbers or text");
  if (type[0] == '>')
    throw Error(where + ": is big-endian (" + type + "); save array.astype('<" + type.substr(1) +
                "')");
  if (header.fortran_order && header.shape.size() > 2)
    throw Error(where + ": is in Fortran order; save np.ascontiguousarray(array)");
  const int64_t width = header.width(), count = count_of(header.shape);
  int64_t filled = 0;
  if (width >= 0 && (count < 0 || __builtin_mul_overflow(count, width, &filled) ||
                     static_cast<uint64_t>(filled) != bytes)) {
    throw Error(where + ": is " + shape_text(header.shape) + " of " + in_quotes(type) +
                ", which is not what its " + std::to_string(bytes) +
                " bytes of values hold; write it again");
  }
}

/// Reads the .npy that is a member of an archive. `begin` gets its header, then `take` whole values
/// of `width()` bytes, `count` at a time: memory follows what has come, not what was said.
template <typename Begin, typename Take>
void read_npy(const ZipReader& zip, const ZipEntry& entry, const std::string& where,
              const Begin& begin, const Take& take) {
  std::string bytes;  // not yet taken
  size_t start = 0, length = 0, width = 0;
  zip.read(entry, [&](const void* data, size_t more) {
    bytes.append(static_cast<const char*>(data), more);
    if (width == 0) {
      if (!has_header(bytes, where, start, length)) return;
      const NpyHeader header = NpyHeader::parse({&bytes[start], length}, where);
      check(header, entry.bytes - start - length, where);
      begin(header);
      width = static_cast<size_t>(std::max<int64_t>(1, header.width()));
      bytes.erase(0, start + length);
    }
    take(bytes.data(), bytes.size() / width);
    bytes.erase(0, bytes.size() / width * width);
  });
  if (width == 0) throw Error(where + ": ends too early; write it with np.savez");
}

template <typename Stored, typename T>
void append_as(std::vector<T>& out, const char* values, size_t count) {
  const size_t had = out.size();
  out.resize(had + count);
  for (size_t n = 0; n < count; ++n)
    out[had + n] = static_cast<T>(value_at<Stored>(values + n * sizeof(Stored)));
}

/// Column-major values of a table in row-major order.
template <typename T>
std::vector<T> transposed(const std::vector<T>& values, size_t rows, size_t columns) {
  std::vector<T> out;
  out.reserve(values.size());
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) out.push_back(values[c * rows + r]);
  }
  return out;
}

ZipReader opened(const std::filesystem::path& path) {
  InputFile file(path);
  if (file.text_at(0, kNpyMagic.size()) == kNpyMagic)
    throw Error(path.string() +
                ": is a single array (.npy); write it with np.savez(file, name=...)");
  return ZipReader(std::move(file), "an .npz (zip) file; give one that np.savez wrote");
}

}  // namespace

NpzReader::NpzReader(const std::filesystem::path& path) : zip_(opened(path)) {
  // An array whose name is damaged in one of the two places would seem not to be there.
  for (const ZipEntry& e : zip_.entries()) (void)zip_.place_of(e);
}

std::string NpzReader::where(const std::string& name) const {
  return zip_.file().path().string() + ": " + name;
}

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
  throw Error(zip_.file().path().string() + ": has no array " + in_quotes(name) + "; it has " +
              (there.empty() ? "none" : there));
}

template <typename T>
std::vector<T> NpzReader::values(const std::string& name, const std::optional<NpyShape>& expected,
                                 const std::string& advice) const {
  std::vector<T> out;
  NpyHeader header;
  const auto begin = [&](const NpyHeader& found) {
    header = found;
    const auto fits = [](int64_t is, int64_t wanted) {
      return wanted == kAnyExtent || is == wanted;
    };
    if (expected && !std::equal(header.shape.begin(), header.shape.end(), expected->begin(),
                                expected->end(), fits)) {
      throw Error(where(name) + " is " + shape_text(header.shape) + ", expected " +
                  shape_text(*expected) + "; " +
                  (advice.empty() ? "save it with that shape" : advice));
    }
    for (const char* const type : {"<f4", "<f8", "<i4", "<i8", "|b1"}) {
      if (header.dtype == type) return;
    }
    throw Error(where(name) + ": has dtype " + in_quotes(header.dtype) +
                "; save it as float32, float64, int32, int64 or bool");
  };
  read_npy(zip_, entry(name), where(name), begin, [&](const char* values, size_t count) {
    if (header.dtype == "<f4") append_as<float>(out, values, count);
    if (header.dtype == "<f8") append_as<double>(out, values, count);
    if (header.dtype == "<i4") append_as<int32_t>(out, values, count);
    if (header.dtype == "<i8") append_as<int64_t>(out, values, count);
    if (header.dtype == "|b1") append_as<uint8_t>(out, values, count);
  });
  if (!header.fortran_order || header.shape.size() < 2) return out;
  return transposed(out, static_cast<size_t>(header.shape[0]),
                    static_cast<size_t>(header.shape[1]));
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

std::vector<std::string> NpzReader::texts(const std::string& name) const {
  std::vector<std::string> out;
  std::vector<uint32_t> points;
  size_t width = 0;
  const auto begin = [&](const NpyHeader& header) {
    const bool text = header.dtype.starts_with("<U") && header.width() > 0;
    if (!text || header.shape.size() > 1)
      throw Error(where(name) + ": is " + shape_text(header.shape) + " of dtype " +
                  in_quotes(header.dtype) + "; save it as a list of str");
    width = static_cast<size_t>(header.width());
    constexpr size_t kLongest = 4 << 16;  // of an id: one text is in memory at a time, whole
    if (width > kLongest)
      throw Error(where(name) + ": holds texts of " + std::to_string(width / sizeof(uint32_t)) +
                  " characters; ids of up to " + std::to_string(kLongest / sizeof(uint32_t)) +
                  " are read");
  };
  read_npy(zip_, entry(name), where(name), begin, [&](const char* values, size_t count) {
    for (size_t n = 0; n < count; ++n) {
      points.resize(width / sizeof(uint32_t));  // here, where a text of that width is there
      std::copy_n(values + n * width, width, reinterpret_cast<char*>(points.data()));
      out.push_back(from_code_points(points));
    }
  });
  return out;
}

void NpzWriter::add_raw(const std::string& name, const NpyHeader& header, const void* data,
                        size_t count, size_t width) {
  if (count_of(header.shape) != static_cast<int64_t>(count))
    throw std::invalid_argument(name + ": " + std::to_string(count) + " values for a shape of " +
                                shape_text(header.shape));
  const std::string head = header.bytes();
  zip_.add(name + std::string(kSuffix), head.size() + count * width,
           [&](const ByteSink& sink) {
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
  constexpr size_t kPiece = 1 << 16;  // to the file in pieces: a text at a time is a call at a time
  const size_t width = longest * sizeof(uint32_t);
  zip_.add(name + std::string(kSuffix), head.size() + values.size() * width,
           [&](const ByteSink& sink) {
             std::string piece = head;
             for (const std::string& text : values) {
               const std::vector<uint32_t> points = code_points(text);
               piece.append(reinterpret_cast<const char*>(points.data()),
                            points.size() * sizeof(uint32_t));
               piece.append((longest - points.size()) * sizeof(uint32_t), '\0');
               if (piece.size() < kPiece) continue;
               sink(piece.data(), piece.size());
               piece.clear();
             }
             sink(piece.data(), piece.size());
           });
}

}  // namespace latent
