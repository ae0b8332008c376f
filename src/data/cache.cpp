#include "src/data/cache.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/huge_pages.h"
#include "src/base/log.h"
#include "src/base/parallel.h"
#include "src/formats/crc32.h"

namespace latent {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr char kMagic[8] = {'L', 'A', 'T', 'C', 'A', 'C', '0', '2'};

fs::path file_of(const fs::path& folder, const std::string& key) {
  char name[40];
  std::snprintf(name, sizeof name, "%08x%08x.cache", crc32_of(key.data(), key.size()),
                crc32_of(key.data(), key.size(), 0x5eed));
  return folder / name;
}

class Writer {
 public:
  explicit Writer(const fs::path& path) : file_(path) {}
  void bytes(const void* data, size_t n) {
    crc_ = crc32_of(data, n, crc_);
    file_.write(data, n);
  }
  template <typename T>
  void array(const std::vector<T>& values) {
    bytes(values.data(), values.size() * sizeof(T));
  }
  void finish() {
    file_.write(&crc_, sizeof crc_);
    file_.commit();
  }

 private:
  AtomicFile file_;
  uint32_t crc_ = 0;
};

/// Reads a file whose parts' places are known, parts of it at once.
class Reader {
 public:
  explicit Reader(const fs::path& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Reader() {
    if (fd_ >= 0) ::close(fd_);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  bool bytes(void* data, size_t n) {
    if (!read_at(at_, static_cast<char*>(data), n)) return false;
    crcs_.push_back({crc32_of(data, n), n});
    at_ += n;
    return true;
  }
  /// To be filled by read_arrays(): `n` values appended to the empty `values`.
  template <typename T>
  void array(T& values, size_t n) {
    const uint64_t from = at_;
    const size_t slot = crcs_.size();
    crcs_.push_back({0, n * sizeof values[0]});
    at_ += crcs_.back().bytes;
    fills_.push_back([this, &values, n, from, slot] {
      // Appended piece by piece: a vector of given size would first be filled with zeros.
      constexpr size_t kPiece = 1 << 15;
      using Value = typename T::value_type;
      values.reserve(n);
      advise_huge_pages(values.data(), n * sizeof(Value));
      std::vector<Value> piece(std::min(n, kPiece));
      for (size_t had = 0; had < n; had += piece.size()) {
        piece.resize(std::min(n - had, kPiece));
        const size_t size = piece.size() * sizeof(Value);
        if (!read_at(from + had * sizeof(Value), reinterpret_cast<char*>(piece.data()), size))
          return;  // the checksum will differ
        crcs_[slot].crc = crc32_of(piece.data(), size, crcs_[slot].crc);
        values.insert(values.end(), piece.begin(), piece.end());
      }
    });
  }
  uint64_t place() const { return at_; }
  /// Fills the arrays; false when the checksum that follows them does not fit.
  bool read_arrays() {
    parallel_chunks(static_cast<int64_t>(fills_.size()), 0, [&](int64_t n) { fills_[n](); });
    uint32_t stored = 0, crc = 0;
    if (!read_at(at_, reinterpret_cast<char*>(&stored), sizeof stored)) return false;
    for (const Part& part : crcs_)
      crc = static_cast<uint32_t>(
          ::crc32_combine(crc, part.crc, static_cast<z_off_t>(part.bytes)));
    return stored == crc;
  }

 private:
  struct Part {
    uint32_t crc;
    size_t bytes;
  };

  bool read_at(uint64_t from, char* data, size_t n) const {
    while (n > 0) {
      const ssize_t got = ::pread(fd_, data, n, static_cast<off_t>(from));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      data += got;
      from += static_cast<uint64_t>(got);
      n -= static_cast<size_t>(got);
    }
    return true;
  }

  int fd_;
  uint64_t at_ = 0;
  std::vector<Part> crcs_;
  std::vector<std::function<void()>> fills_;
};

json ids_header(const IdMap& ids) { return {{"count", ids.size()}, {"bytes", ids.text().size()}}; }

/// Text and ends of an IdMap as they come from the file.
struct StoredIds {
  std::string text;
  std::vector<uint64_t> ends;

  void read(Reader& in, const json& header) {
    in.array(text, header.at("bytes").get<size_t>());
    in.array(ends, header.at("count").get<size_t>() + 1);
  }
};

std::optional<RawData> load(const fs::path& path, const std::string& key, uintmax_t size) {
  Reader in(path);
  char magic[sizeof kMagic];
  uint64_t header_size = 0;
  if (!in.bytes(magic, sizeof magic) || std::memcmp(magic, kMagic, sizeof magic) != 0 ||
      !in.bytes(&header_size, sizeof header_size) || header_size > size) {
    return std::nullopt;
  }
  std::string text(header_size, '\0');
  if (!in.bytes(text.data(), text.size())) return std::nullopt;
  const json header = json::parse(text, nullptr, false);
  if (header.is_discarded() || header.at("key") != key) return std::nullopt;
  const size_t n = header.at("rows");
  if (n > size) return std::nullopt;
  RawData raw;
  raw.part_ends = header.at("part_ends").get<std::vector<int64_t>>();
  raw.bad_rows = header.at("bad_rows");
  raw.data.checksum = header.at("checksum");
  const json& f = header.at("format");
  raw.format = {f.at(0),
                f.at(1).get<std::vector<std::string>>(),
                f.at(2),
                f.at(3),
                f.at(4),
                f.at(5),
                f.at(6),
                f.at(7),
                f.at(8),
                f.at(9),
                f.at(10).get<std::array<int, 4>>()};
  raw.missing_rows = header.at("missing_rows");
  const size_t left_out = header.at("left_out");
  if (left_out > size) return std::nullopt;
  Interactions& rows = raw.data.rows;
  StoredIds users, items;
  in.array(rows.user, n);
  in.array(rows.item, n);
  in.array(rows.rating, n);
  if (header.at("has_time")) in.array(rows.time, n);
  in.array(raw.data.left_out.user, left_out);
  in.array(raw.data.left_out.item, left_out);
  users.read(in, header.at("users"));
  items.read(in, header.at("items"));
  // Before any memory is asked for.
  if (in.place() + sizeof(uint32_t) != size || !in.read_arrays()) return std::nullopt;
  raw.data.users = IdMap(std::move(users.text), std::move(users.ends));
  raw.data.items = IdMap(std::move(items.text), std::move(items.ends));
  return raw;
}

}  // namespace

fs::path cache_folder(const DataOptions& options) {
  if (options.cache_dir == "none") return {};
  if (!options.cache_dir.empty()) return options.cache_dir;
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != '\0')
    return fs::path(cache) / "latent";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return fs::path(home) / ".cache" / "latent";
  return {};
}

std::string cache_key(const std::vector<std::string>& paths, const DataOptions& options,
                      bool need_time) {
  json key = {options.format,     options.separator,    options.header,  options.decimal,
              options.encoding,   options.user,         options.item,    options.rating,
              options.time,       options.rating_map,   options.missing, options.where,
              options.on_bad_row, options.max_bad_rows, need_time};
  for (const std::string& path : paths) {
    std::error_code failed;
    const auto size = fs::file_size(path, failed);
    // A pipe has none; of a missing file the reader says what is wrong.
    if (failed || path == "-") return "";
    key.push_back({fs::weakly_canonical(path, failed).string(), size,
                   fs::last_write_time(path).time_since_epoch().count()});
  }
  return key.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<RawData> load_cached(const fs::path& folder, const std::string& key) {
  const fs::path path = file_of(folder, key);
  std::error_code absent;
  const auto size = fs::file_size(path, absent);
  if (absent) return std::nullopt;
  try {
    if (auto raw = load(path, key, size)) return raw;
  } catch (const std::exception&) {  // damaged sizes end in as many ways as there are containers
  }
  say(path.string() + ": damaged cache file, reading the data again");
  return std::nullopt;
}

void save_cached(const fs::path& folder, const std::string& key, const RawData& raw) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) throw Error(folder.string() + ": cannot make the folder: " + failed.message());
  const FormatInfo& f = raw.format;
  const json header = {{"key", key},
                       {"rows", raw.data.rows.size()},
                       {"part_ends", raw.part_ends},
                       {"bad_rows", raw.bad_rows},
                       {"missing_rows", raw.missing_rows},
                       {"left_out", raw.data.left_out.size()},
                       {"checksum", raw.data.checksum},
                       {"has_time", raw.data.rows.has_time()},
                       {"users", ids_header(raw.data.users)},
                       {"items", ids_header(raw.data.items)},
                       {"format",
                        {f.format, f.columns, f.header, f.user, f.item, f.rating, f.time,
                         f.found_time, f.separator, f.width, f.column}}};
  const std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace);
  const uint64_t header_size = text.size();
  Writer out(file_of(folder, key));
  out.bytes(kMagic, sizeof kMagic);
  out.bytes(&header_size, sizeof header_size);
  out.bytes(text.data(), text.size());
  out.array(raw.data.rows.user);
  out.array(raw.data.rows.item);
  out.array(raw.data.rows.rating);
  out.array(raw.data.rows.time);
  out.array(raw.data.left_out.user);
  out.array(raw.data.left_out.item);
  for (const IdMap* ids : {&raw.data.users, &raw.data.items}) {
    out.bytes(ids->text().data(), ids->text().size());
    out.array(ids->ends());
  }
  out.finish();
}

RawData read_files(const std::vector<std::string>& paths, const DataOptions& options,
                   bool need_time) {
  const fs::path folder = cache_folder(options);
  const std::string key = folder.empty() ? "" : cache_key(paths, options, need_time);
  if (key.empty()) return parse_files(paths, options, need_time);
  if (auto raw = load_cached(folder, key)) {
    if (raw->bad_rows > 0) say("skipped " + std::to_string(raw->bad_rows) + " bad rows");
    return std::move(*raw);
  }
  RawData raw = parse_files(paths, options, need_time);
  try {
    save_cached(folder, key, raw);
  } catch (const Error& e) {
    say(std::string("no cache: ") + e.what());  // a convenience only
  }
  return raw;
}

}  // namespace latent
