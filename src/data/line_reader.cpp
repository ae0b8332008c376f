#include "src/data/line_reader.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <filesystem>
#include <mutex>
#include <thread>

#include "src/base/error.h"
#include "src/data/row.h"

namespace latent {

namespace {

constexpr size_t kAhead = 3;  // blocks; more would only push the parser's tables out of the cache

std::string file_of(const std::string& path) { return path == "-" ? "/dev/stdin" : path; }

}  // namespace

/// Blocks of text as they come, or through a short queue that a thread keeps filled.
class LineReader::Source {
 public:
  Source(const std::string& path, const ReadAhead& ahead, Encoding encoding,
         const ReadLimits& limits)
      : blocks_(path, ahead.block_bytes, limits.gz_ratio), repair_(encoding) {
    if (ahead.thread) thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
  }

  ~Source() {
    if (!thread_.joinable()) return;
    {
      // Under the lock: the thread must not fall asleep between its look and the notice.
      const std::lock_guard lock(mutex_);
      thread_.request_stop();
    }
    room_.notify_all();
  }

  /// The next block in `block`; false at the end. Rethrows what the thread threw.
  bool next(TextBlock& block) {
    if (!thread_.joinable()) {
      const bool more = next_block(block);
      bytes = blocks_.bytes_read();
      crc = blocks_.checksum();
      return more;
    }
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [&] { return !queue_.empty() || done_; });
    if (queue_.empty()) {
      if (error_) std::rethrow_exception(error_);
      return false;
    }
    std::swap(block, queue_.front());
    spare_.push_back(std::move(queue_.front()));
    queue_.pop_front();
    room_.notify_one();
    return true;
  }

  std::atomic<int64_t> bytes{0};
  std::atomic<uint32_t> crc{0};

 private:
  bool next_block(TextBlock& block) {
    const bool more = blocks_.next(block);
    if (more) repair_.apply(block);
    return more;
  }

  void run(const std::stop_token& stop) {
    std::exception_ptr error;
    try {
      TextBlock block;
      while (!stop.stop_requested() && next_block(block)) push(block, stop);
    } catch (...) {
      error = std::current_exception();
    }
    bytes = blocks_.bytes_read();
    crc = blocks_.checksum();
    const std::lock_guard lock(mutex_);
    error_ = error;
    done_ = true;
    ready_.notify_all();
  }

  /// Queues `block` and leaves one to fill in its place.
  void push(TextBlock& block, const std::stop_token& stop) {
    bytes = blocks_.bytes_read();
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return queue_.size() < kAhead || stop.stop_requested(); });
    queue_.push_back(std::move(block));
    block = TextBlock();
    if (!spare_.empty()) {
      block = std::move(spare_.back());
      spare_.pop_back();
    }
    ready_.notify_one();
  }

  TextBlocks blocks_;
  TextRepair repair_;
  std::mutex mutex_;
  std::condition_variable ready_, room_;
  std::deque<TextBlock> queue_;
  std::vector<TextBlock> spare_;
  std::exception_ptr error_;
  bool done_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

LineReader::LineReader(std::string path, const ReadAhead& ahead, Encoding encoding,
                       const ReadLimits& limits)
    : path_(std::move(path)), block_bytes_(ahead.block_bytes), most_line_(limits.line_bytes) {
  source_ = std::make_unique<Source>(file_of(path_), ahead, encoding, limits);
  std::error_code unknown;  // a pipe has no size
  const auto size = std::filesystem::file_size(file_of(path_), unknown);
  file_size_ = unknown ? 0 : static_cast<int64_t>(size);
  if (!refill()) throw Error(path_ + ": the file is empty");
  // The mark may be cut by a very short block.
  for (TextBlock more; block_.size() < 3 && source_->next(more);) block_.append(more.text());
  if (block_.text().starts_with("\xEF\xBB\xBF")) at_ = 3;
  lines_end_ = block_.text().rfind('\n') + 1;
}

LineReader::~LineReader() = default;

int64_t LineReader::bytes_read() const { return source_->bytes; }
uint32_t LineReader::checksum() const { return source_->crc; }

int64_t LineReader::bytes_parsed() const {
  const auto part = static_cast<double>(block_.file_bytes - file_bytes_before_);
  const auto size = static_cast<double>(std::max<size_t>(block_.size(), 1));
  return file_bytes_before_ + static_cast<int64_t>(part * static_cast<double>(at_) / size);
}

bool LineReader::refill() {
  at_ = lines_end_ = 0;
  file_bytes_before_ = block_.file_bytes;
  ended_ = !source_->next(block_);
  if (ended_) {
    block_.clear();
  } else {
    lines_end_ = block_.text().rfind('\n') + 1;  // npos + 1 is 0
  }
  return !ended_;
}

std::string_view LineReader::ready_lines() const {
  return at_ < lines_end_ ? block_.text().substr(at_, lines_end_ - at_) : std::string_view();
}

bool LineReader::next(std::string_view& line) {
  carried_.clear();
  while (true) {
    if (at_ == block_.size() && (ended_ || !refill())) {
      if (carried_.empty()) return false;
      line = carried_;  // the last line, without its newline
      break;
    }
    const std::string_view rest = block_.text().substr(at_);
    const size_t newline = rest.find('\n');
    if (newline != std::string_view::npos) {
      at_ += newline + 1;
      line = rest.substr(0, newline);
      if (!carried_.empty()) line = carried_.append(line);
      break;
    }
    carried_.append(rest);
    at_ = block_.size();
    refuse_endless(carried_.size());
  }
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  ++line_number_;
  return true;
}

bool LineReader::hold_line() {
  while (block_.text().find('\n', at_) == std::string_view::npos) {
    TextBlock more;
    if (!source_->next(more)) break;
    // Only what is left of this block is kept: a long head must not fill the memory.
    TextBlock joined;
    joined.append(block_.text().substr(at_));
    joined.append(more.text());
    refuse_endless(joined.size());
    joined.file_bytes = more.file_bytes;
    file_bytes_before_ = block_.file_bytes;
    block_ = std::move(joined);
    at_ = 0;
  }
  lines_end_ = block_.text().rfind('\n') + 1;
  return at_ < block_.size();
}

std::vector<std::string> LineReader::skip_head() {
  constexpr size_t kMostComments = 1000;
  std::vector<std::string> comments;
  while (hold_line()) {
    const std::string_view rest = block_.text().substr(at_);
    const size_t newline = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, newline);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    const size_t first = line.find_first_not_of(" \t");
    const bool comment =
        first != std::string_view::npos && (line[first] == '#' || line[first] == '%');
    if ((first != std::string_view::npos && !comment) || is_matrix_market(line)) break;
    if (comment && comments.size() == kMostComments) comments.clear();
    if (comment) comments.emplace_back(line.substr(first));
    at_ += std::min(newline + 1, rest.size());
    ++line_number_;
  }
  return comments;
}

void LineReader::refuse_endless(size_t bytes) const {
  if (bytes > most_line_)
    throw Error(path_ + ":" + std::to_string(line_number_ + 1) + ": a line of more than " +
                std::to_string(most_line_ >> 20) +
                " MB (data.max_line_mb); is it a text file of rows?");
}

std::vector<std::string> LineReader::peek(size_t most) {
  // A first line longer than a block is read whole: half a line would be taken for a broken one.
  TextBlock more;
  for (size_t seen = at_; block_.text().find('\n', seen) == std::string_view::npos;) {
    if (!source_->next(more)) break;
    seen = block_.size();
    block_.append(more.text());
    block_.file_bytes = more.file_bytes;
    refuse_endless(block_.size() - at_);
  }
  const std::string_view text = block_.text();
  lines_end_ = text.rfind('\n') + 1;
  std::vector<std::string> lines;
  size_t from = at_;
  while (lines.size() < most && from < text.size()) {
    size_t newline = text.find('\n', from);
    // A line cut by the block's end counts only when there is nothing else to look at.
    if (newline == std::string_view::npos) {
      if (text.size() >= block_bytes_ && !lines.empty()) break;
      newline = text.size();
    }
    std::string line(text.substr(from, newline - from));
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(std::move(line));
    from = newline + 1;
  }
  return lines;
}

}  // namespace latent
