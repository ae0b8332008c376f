// Formats without columns to choose: adjacency lines, MatrixMarket, Netflix blocks.
#include <algorithm>
#include <charconv>

#include "src/base/error.h"
#include "src/data/row_format.h"
#include "src/data/row_text.h"
#include "src/data/splitter.h"
#include "src/data/times.h"

namespace latent {

namespace {

void refuse_where(const FileHead& head, const DataOptions& options, const std::string& format) {
  if (!options.where.empty())
    throw Error(head.place + ": data.where needs columns, which " + format + " has none of");
}

class AdjacencyFormat : public RowFormat {
 public:
  bool read(LineReader& reader, const RowSink& sink) override {
    std::string_view line;
    if (!reader.next(line)) return false;
    split(line);
    if (tokens_.empty()) return true;
    for (const std::string_view token : tokens_) check_id(token, "an adjacency line");
    Row row;
    row.user = tokens_[0];
    for (size_t n = 1; n < tokens_.size(); ++n) {
      row.item = tokens_[n];
      sink(row);
    }
    return true;
  }

 private:
  void split(std::string_view line) {
    tokens_.clear();
    for (size_t at = line.find_first_not_of(" \t"); at < line.size();) {
      const size_t end = std::min(line.find_first_of(" \t", at), line.size());
      tokens_.push_back(line.substr(at, end - at));
      at = line.find_first_not_of(" \t", end);
    }
  }

  std::vector<std::string_view> tokens_;
};

/// Matrix Market exchange format, coordinates only (Boisvert, Pozo and Remington, 1996).
class MatrixMarketFormat : public RowFormat {
 public:
  MatrixMarketFormat(const DataOptions& options, bool pattern, bool symmetric, bool transposed)
      : ratings_(options),
        rated_(!pattern && options.rating != "none"),
        pattern_(pattern),
        symmetric_(symmetric),
        transposed_(transposed) {
    info = {"matrixmarket", {}, false, "0", "1", rated_ ? "2" : "none", "none"};
    if (transposed) std::swap(info.user, info.item);
  }

  bool read(LineReader& reader, const RowSink& sink) override {
    std::string_view line;
    if (!reader.next(line)) {
      if (entries_ != size_[2])
        throw Error(reader.path() + ": declares " + std::to_string(size_[2]) +
                    " entries, but has " + std::to_string(entries_) + "; fetch the file again");
      return false;
    }
    line = trimmed(line);
    if (line.empty() || line[0] == '%') return true;
    splitter_.split(line, fields_);
    if (!sized_) return read_size(reader);
    if (fields_.size() != (pattern_ ? 2 : 3))
      throw RowError("expected " + std::to_string(pattern_ ? 2 : 3) + " columns, found " +
                     std::to_string(fields_.size()));
    for (int n = 0; n < 2; ++n) {
      const auto index = rating_of(fields_[n]);
      if (!all_digits(fields_[n]) || !index || *index < 1 || *index > static_cast<double>(size_[n]))
        throw RowError("index " + in_quotes(std::string(fields_[n])) + " is not from 1 to " +
                       std::to_string(size_[n]));
    }
    if (++entries_ > size_[2])
      throw RowError("more than the " + std::to_string(size_[2]) + " entries that it declares");
    Row row{fields_[transposed_ ? 1 : 0], fields_[transposed_ ? 0 : 1]};
    if (rated_) row.rating = ratings_.parse(fields_[2], info.rating);
    if (rated_ && ratings_.is_missing(row.rating)) {
      ++missing;
      return true;
    }
    sink(row);
    if (symmetric_ && row.user != row.item) {
      std::swap(row.user, row.item);
      sink(row);
    }
    return true;
  }

 private:
  bool read_size(const LineReader& reader) {
    for (size_t n = 0; n < 3; ++n) {
      const std::string_view text = fields_.size() == 3 ? fields_[n] : std::string_view();
      const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), size_[n]);
      if (text.empty() || failed != std::errc() || end != text.data() + text.size() || size_[n] < 0)
        throw Error(reader.path() + ":" + std::to_string(reader.line_number()) +
                    ": not the three sizes (rows, columns, entries) of a MatrixMarket matrix");
    }
    sized_ = true;
    return true;
  }

  RatingText ratings_;
  Splitter splitter_{" "};
  std::vector<std::string_view> fields_;
  bool rated_, pattern_, symmetric_, transposed_;
  bool sized_ = false;
  int64_t size_[3] = {0, 0, 0}, entries_ = 0;
};

/// "movie:", then "user,rating,date" for each who rated it; "user" alone in the probe.
class NetflixFormat : public RowFormat {
 public:
  NetflixFormat(const DataOptions& options, bool rated, bool timed) : ratings_(options) {
    info = {"netflix", {}, false, "0", "block", rated ? "1" : "none", timed ? "2" : "none"};
  }

  bool read(LineReader& reader, const RowSink& sink) override {
    std::string_view line;
    if (!reader.next(line)) return false;
    line = trimmed(line);
    if (line.empty()) return true;
    if (line.back() == ':') {
      movie_ = trimmed(line.substr(0, line.size() - 1));
      check_id(movie_, "a line that ends in ':'");
      return true;
    }
    if (movie_.empty()) throw RowError("a row before the first line of a movie ('1:')");
    splitter_.split(line, fields_);
    const bool rated = info.rating != "none", timed = info.time != "none";
    const size_t needed = timed ? 3 : rated ? 2 : 1;
    if (fields_.size() < needed || fields_.size() > 3)
      throw RowError("expected " + std::to_string(needed) + " to 3 columns, found " +
                     std::to_string(fields_.size()));
    Row row{fields_[0], movie_};
    check_id(row.user, "column 0");
    if (rated) row.rating = ratings_.parse(fields_[1], info.rating);
    if (timed) row.time = parse_time(fields_[2], info.time);
    if (rated && ratings_.is_missing(row.rating)) {
      ++missing;
      return true;
    }
    sink(row);
    return true;
  }

 private:
  RatingText ratings_;
  Splitter splitter_{","};
  std::vector<std::string_view> fields_;
  std::string movie_;
};

}  // namespace

std::unique_ptr<RowFormat> open_adjacency_format(const FileHead& head, const DataOptions& options) {
  refuse_where(head, options, "adjacency");
  auto format = std::make_unique<AdjacencyFormat>();
  format->info = {"adjacency", {}, false, "0", "1", "none", "none"};
  return format;
}

std::unique_ptr<RowFormat> open_matrix_market(const FileHead& head, const DataOptions& options) {
  refuse_where(head, options, "matrixmarket");
  Splitter splitter(" ");
  std::vector<std::string_view> words;
  std::string banner = head.lines.front();
  std::transform(banner.begin(), banner.end(), banner.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  });
  splitter.split(banner, words);
  const auto refuse = [&](const std::string& what) {
    throw Error(head.place + ": " + what + " in " + in_quotes(head.lines.front()) +
                "; write it as 'matrix coordinate real general'");
  };
  if (words.size() < 5 || words[0] != "%%matrixmarket" || words[1] != "matrix")
    refuse("no banner of a MatrixMarket matrix");
  if (words[2] != "coordinate") refuse("a dense MatrixMarket matrix, not coordinates,");
  if (words[3] != "real" && words[3] != "integer" && words[3] != "pattern" && words[3] != "double")
    refuse("values that are no ratings");
  if (words[4] != "general" && words[4] != "symmetric") refuse("an unknown symmetry");
  const bool transposed = options.user == "1" && options.item == "0";
  if (!transposed && ((options.user != "auto" && options.user != "0") ||
                      (options.item != "auto" && options.item != "1")))
    throw Error(head.place +
                ": the columns of matrixmarket are 0 and 1; set data.user and "
                "data.item to them, or to auto");
  return std::make_unique<MatrixMarketFormat>(options, words[3] == "pattern",
                                              words[4] == "symmetric", transposed);
}

std::unique_ptr<RowFormat> open_netflix(const FileHead& head, const DataOptions& options,
                                        bool need_time) {
  refuse_where(head, options, "netflix");
  size_t most = 0;
  for (const auto& row : split_sample(head.lines, ",")) most = std::max(most, row.size());
  const bool timed = most > 2 && options.time != "none" && (need_time || options.time != "auto");
  auto format =
      std::make_unique<NetflixFormat>(options, most > 1 && options.rating != "none", timed);
  if (most > 2) format->info.found_time = "2";
  return format;
}

}  // namespace latent
