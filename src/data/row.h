// What a row format yields, and what it says of a row it cannot read.
#pragma once

#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace latent {

/// A row that cannot be read. The reader puts file and line before the text.
struct RowError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One interaction as text and numbers; the views live until the next row is read.
struct Row {
  std::string_view user, item;
  double rating = 1;
  double time = 0;        ///< seconds since 1970, or as the file counts
  bool left_out = false;  ///< by data.where: of rating and time nothing was read
};

/// Rows as columns, whose views live until the reader goes on to its next block.
class RowBatch {
 public:
  static constexpr size_t kMost = 2048;

  size_t size() const { return size_; }
  void clear() { size_ = 0; }
  /// The batch must not be full.
  void push(const Row& row) {
    user_[size_] = row.user;
    item_[size_] = row.item;
    rating_[size_] = static_cast<float>(row.rating);
    time_[size_++] = row.time;
  }
  std::span<const std::string_view> user() const { return {user_.data(), size_}; }
  std::span<const std::string_view> item() const { return {item_.data(), size_}; }
  std::span<const float> rating() const { return {rating_.data(), size_}; }
  std::span<const double> time() const { return {time_.data(), size_}; }

 private:
  size_t size_ = 0;
  std::vector<std::string_view> user_ = std::vector<std::string_view>(kMost), item_ = user_;
  std::vector<float> rating_ = std::vector<float>(kMost);
  std::vector<double> time_ = std::vector<double>(kMost);
};

/// A number written in full (no blanks left over, finite also as float). Throws RowError naming
/// `field`.
double parse_rating(std::string_view text, const std::string& field);
/// The same, or nothing where it would throw.
std::optional<double> rating_of(std::string_view text);

/// `text` without blanks and tabs around it.
std::string_view trimmed(std::string_view text);

/// A zero-based column given as text: digits and nothing else.
bool all_digits(std::string_view text);

/// The first line of a MatrixMarket file, which looks like a comment.
bool is_matrix_market(std::string_view line);

/// Throws RowError unless `text` is a UTF-8 string without NUL, of 1 to 65,536 bytes.
void check_id(std::string_view text, const std::string& field);
constexpr size_t kLongestId = 1 << 16;

}  // namespace latent
