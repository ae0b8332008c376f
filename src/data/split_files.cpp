#include "src/data/split_files.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "src/base/error.h"
#include "src/base/text_writer.h"
#include "src/config/auto_values.h"
#include "src/config/complaints.h"
#include "src/data/id_order.h"
#include "src/data/split.h"

namespace latent {

namespace {

namespace fs = std::filesystem;

/// The fewest digits from which `value` reads back, without an exponent where numbers are usual.
template <typename Number>
std::string number_text(Number value) {
  char text[64];
  const Number size = std::abs(value);
  const bool usual = size == 0 || (size >= Number(1e-5) && size < Number(1e15));
  const auto format = usual ? std::chars_format::fixed : std::chars_format::general;
  return {text, std::to_chars(text, text + sizeof text, value, format).ptr};
}

}  // namespace

void write_part(const std::string& path, const Interactions& rows, const IdMap& users,
                const IdMap& items) {
  TextWriter out(path);
  out.write(rows.has_time() ? "user,item,rating,time\n" : "user,item,rating\n");
  for (int64_t n = 0; n < rows.size(); ++n) {
    std::string line = csv_field(users.name(rows.user[n])) + "," +
                       csv_field(items.name(rows.item[n])) + "," + number_text(rows.rating[n]);
    if (rows.has_time()) line += "," + number_text(rows.time[n]);
    out.write(line + "\n");
  }
  out.commit();
}

namespace {

/// One folder of parts, or several.
class SplitFiles {
 public:
  explicit SplitFiles(const SplitFilesRequest& request) : request_(request) {}

  /// The folders that the parts go to.
  std::vector<std::string> folders() const {
    if (request_.all_folds == 0) return {request_.folder};
    std::vector<std::string> out;
    for (int64_t n = 1; n <= request_.all_folds; ++n)
      out.push_back(request_.folder + "/fold-" + std::to_string(n));
    return out;
  }

  void check() const {
    const DataOptions& data = request_.data;
    for (const std::string& path : every_file()) {
      std::error_code unknown;
      if (!fs::exists(path, unknown)) continue;
      if (!request_.overwrite)
        throw Error(path + ": already exists; give another folder, or --overwrite");
      for (const std::string& source :
           {data.path, data.valid_path, data.test_path, data.ids_path}) {
        if (!source.empty() && fs::equivalent(path, source, unknown))
          throw Error(path + ": is what the data is read from; give another folder");
      }
    }
  }

  void write(const std::string& folder, const Split& split, const Dataset& ids) {
    make(folder);
    for (const auto& [name, rows] :
         {std::pair("train", &split.train), {"valid", &split.valid}, {"test", &split.test}}) {
      if (rows->size() == 0) continue;
      written_.push_back(folder + "/" + name + suffix());
      write_part(written_.back(), *rows, ids.users, ids.items);
    }
  }

  /// ids.csv; and away with what an earlier split left that this one has not replaced.
  std::vector<std::string> finish(const Dataset& ids) {
    written_.push_back(request_.folder + "/ids" + suffix());
    write_id_order(written_.back(), ids.users, ids.items);
    for (const std::string& path : every_file()) {
      std::error_code ignored;
      if (std::ranges::count(written_, path) == 0) fs::remove(path, ignored);
    }
    return written_;
  }

 private:
  const char* suffix() const { return request_.gz ? ".csv.gz" : ".csv"; }

  /// Every name that a split into these folders may have, plain and gz.
  std::vector<std::string> every_file() const {
    std::vector<std::string> out;
    for (const char* suffix : {".csv", ".csv.gz"}) {
      for (const std::string& folder : folders()) {
        for (const char* part : {"train", "valid", "test"})
          out.push_back(folder + "/" + part + suffix);
      }
      out.push_back(request_.folder + "/ids" + suffix);
    }
    return out;
  }

  static void make(const std::string& folder) {
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed) throw Error(folder + ": cannot make the folder: " + failed.message());
  }

  const SplitFilesRequest& request_;
  std::vector<std::string> written_;
};

}  // namespace

std::vector<std::string> write_split_files(const SplitFilesRequest& request) {
  SplitFiles files(request);
  SplitOptions split = request.split;
  if (request.all_folds > 0) {
    split.kind = "k_fold";
    split.folds = request.all_folds;
    split.fold = 1;
  }
  refuse(wrong_split(request.data, split));
  files.check();
  WholeDataset whole = load_whole(request.data, split, /*with_time=*/true);
  if (request.all_folds == 0) {
    const Split parts = split_whole(whole, request.data, split);
    files.write(request.folder, parts, whole.raw.data);
    return files.finish(whole.raw.data);
  }
  shuffle_into_folds(whole.raw.data.rows, split);
  const double valid = valid_share_of(split, whole.raw.data.rows.size());
  for (int64_t fold = 0; fold < split.folds; ++fold)
    files.write(files.folders()[fold], fold_of(whole.raw.data.rows, fold, split.folds, valid),
                whole.raw.data);
  return files.finish(whole.raw.data);
}

}  // namespace latent
