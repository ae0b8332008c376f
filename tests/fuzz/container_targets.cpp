// Binary files of training: the cache of parsed data, checkpoints, npz.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "src/base/error.h"
#include "src/data/cache.h"
#include "src/formats/npz.h"
#include "src/formats/sections.h"
#include "tests/fuzz/scratch_file.h"
#include "tests/fuzz/targets.h"

namespace latent::fuzz {

namespace fs = std::filesystem;

namespace {

const ScratchFile& scratch() {
  static const ScratchFile kFile;
  return kFile;
}

/// A folder in memory where there is one, removed at the end.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) /
                       "latent-fuzz-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder");
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string text_of(const RawData& raw) {
  std::string out;
  const Dataset& d = raw.data;
  append_values(out, d.rows.user);
  append_values(out, d.rows.item);
  append_values(out, d.rows.rating);
  append_values(out, d.rows.time);
  append_values(out, d.left_out.user);
  append_values(out, d.left_out.item);
  append_values(out, raw.part_ends);
  // As whoever uses them does: every index by its name.
  for (int64_t n = 0; n < d.rows.size(); ++n) {
    out += d.users.name(d.rows.user[n]);
    out += d.items.name(d.rows.item[n]);
  }
  for (const IdMap* ids : {&d.users, &d.items}) {
    for (const std::string& name : ids->names()) {
      out += name + "\n";
      (void)ids->find(name);
    }
  }
  const FormatInfo& f = raw.format;
  out += f.format + f.user + f.item + f.rating + f.time + f.separator;
  return out + std::to_string(raw.bad_rows) + " " + std::to_string(raw.missing_rows) + " " +
         std::to_string(d.checksum);
}

}  // namespace

/// The key of all seeds is "fuzz".
std::string read_cache(std::string_view bytes) {
  static const ScratchFolder kFolder;
  static const fs::path kFile = [] {
    save_cached(kFolder.path(), "fuzz", RawData());
    return fs::directory_iterator(kFolder.path())->path();
  }();
  std::ofstream(kFile, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const auto raw = load_cached(kFolder.path(), "fuzz");
  if (!raw) throw Error("refused");
  return text_of(*raw);
}

/// What src/train/checkpoint.cpp does, with plain memory in place of tensors.
std::string read_checkpoint(std::string_view bytes) {
  SectionsReader file(scratch().write(bytes), "LATCKPT1", "checkpoint");
  std::string out;
  std::vector<std::vector<char>> arrays;
  try {
    out = file.header().at("state").dump(-1, ' ', false,
                                         nlohmann::json::error_handler_t::replace);
    for (const auto& entry : file.header().at("tensors")) {
      out += entry.at("name").get<std::string>() + entry.value("type", "");
      uint64_t size = entry.value("type", "") == "float64" ? 8 : 4;
      for (const int64_t n : entry.at("shape").get<std::vector<int64_t>>()) {
        if (n < 0 || __builtin_mul_overflow(size, static_cast<uint64_t>(n), &size))
          file.fail_damaged();
      }
      // As many as the file has: what it says may be anything.
      arrays.emplace_back(std::min(size, file.left()));
      file.next(arrays.back().data(), size);
    }
  } catch (const nlohmann::json::exception&) {
    file.fail_damaged();
  }
  file.finish();
  for (const auto& array : arrays) append_values(out, array);
  return out;
}

std::string read_npz(std::string_view bytes) {
  const NpzReader in(scratch().write(bytes));
  std::string out;
  int refused = 0, read = 0;
  for (const std::string& name : in.names()) {
    out += name + "\n";
    try {
      append_values(out, in.doubles(name));
      ++read;
      continue;
    } catch (const Error&) {  // then it may be text
    }
    try {
      for (const std::string& text : in.texts(name)) out += text + "\n";
      ++read;
    } catch (const Error&) {
      ++refused;
    }
  }
  if (refused > 0 || read == 0) throw Error("an array that is none");
  return out;
}

}  // namespace latent::fuzz
