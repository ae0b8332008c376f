#include "src/data/line_reader.h"

#include <zlib.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <deque>
#include <exception>
#include <filesystem>
#include <mutex>
#include <thread>

#include "src/base/error.h"
#include "src/base/file.h"

namespace latent {

namespace {

constexpr size_t kBlock = 1 << 20, kInput = 1 << 18, kAhead = 4;

struct FileCloser {
  void operator()(std::FILE* f) const { std::fclose(f); }
};

/// Inflates a gz stream of one or more members.
class GzStream {
 public:
  explicit GzStream(const std::string& path) : path_(path) {
    if (inflateInit2(&z_, 15 + 16) != Z_OK) throw Error(path_ + ": out of memory for inflate");
  }
  ~GzStream() { inflateEnd(&z_); }
  GzStream(const GzStream&) = delete;
  GzStream& operator=(const GzStream&) = delete;

  void give(const char* data, size_t bytes) {
    z_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data));
    z_.avail_in = static_cast<uInt>(bytes);
  }

  /// Appends to `out` up to its capacity limit; true when all input given so far is used up.
  bool inflate_into(std::string& out, size_t limit) {
    while (z_.avail_in > 0 && out.size() < limit) {
      if (member_ended_) {
        // gzip pads with zeros and joins members; anything else is not ours to guess at.
        if (*z_.next_in == 0) {
          ++z_.next_in;
          --z_.avail_in;
          continue;
        }
        inflateReset(&z_);
        member_ended_ = false;
      }
      const size_t had = out.size();
      out.resize(limit);
      z_.next_out = reinterpret_cast<Bytef*>(out.data() + had);
      z_.avail_out = static_cast<uInt>(limit - had);
      const int status = inflate(&z_, Z_NO_FLUSH);
      out.resize(limit - z_.avail_out);
      if (status == Z_STREAM_END) {
        member_ended_ = true;
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        throw Error(path_ + ": damaged gz stream (" +
                    (z_.msg != nullptr ? z_.msg : "inflate failed") + "); fetch the file again");
      }
    }
    return z_.avail_in == 0 && !(!member_ended_ && out.size() >= limit);
  }

  bool at_member_end() const { return member_ended_; }

 private:
  std::string path_;
  z_stream z_{};
  bool member_ended_ = false;
};

}  // namespace

/// The reading thread: a short queue of blocks of text.
class LineReader::Inflater {
 public:
  Inflater(const std::string& path, std::FILE* file) : path_(path), file_(file) {
    thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
  }

  ~Inflater() {
    thread_.request_stop();
    room_.notify_all();
  }

  /// Swaps the next block into `block`; false at the end. Rethrows what the thread threw.
  bool next(std::string& block) {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [&] { return !blocks_.empty() || done_; });
    if (blocks_.empty()) {
      if (error_) std::rethrow_exception(error_);
      return false;
    }
    std::swap(block, blocks_.front());
    spare_.push_back(std::move(blocks_.front()));
    blocks_.pop_front();
    room_.notify_one();
    return true;
  }

  std::atomic<int64_t> bytes{0};
  std::atomic<uint32_t> crc{0};

 private:
  void run(const std::stop_token& stop) {
    try {
      read_all(stop);
    } catch (...) {
      error_ = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    done_ = true;
    ready_.notify_all();
  }

  void read_all(const std::stop_token& stop) {
    std::string input(kInput, '\0'), out = fresh();
    std::unique_ptr<GzStream> gz;
    bool first = true;
    while (!stop.stop_requested()) {
      const size_t n = std::fread(input.data(), 1, kInput, file_.get());
      if (std::ferror(file_.get()) != 0) throw errno_error(path_, "cannot read");
      if (n == 0) break;
      crc = crc32_of(input.data(), n, crc);
      bytes += static_cast<int64_t>(n);
      if (first && n >= 2 && input[0] == '\x1f' && input[1] == '\x8b')
        gz = std::make_unique<GzStream>(path_);
      first = false;
      if (!gz) {
        out.append(input, 0, n);
        if (out.size() >= kBlock) push(out, stop);
        continue;
      }
      gz->give(input.data(), n);
      while (!gz->inflate_into(out, kBlock) || out.size() >= kBlock) push(out, stop);
    }
    if (!out.empty()) push(out, stop);
    if (gz && !gz->at_member_end() && !stop.stop_requested()) {
      throw Error(path_ + ": the gz stream ends early (truncated download?); fetch the file again");
    }
  }

  std::string fresh() {
    const std::lock_guard lock(mutex_);
    std::string out;
    if (!spare_.empty()) {
      out = std::move(spare_.back());
      spare_.pop_back();
    }
    out.clear();
    out.reserve(kBlock + kInput);
    return out;
  }

  void push(std::string& out, const std::stop_token& stop) {
    {
      std::unique_lock lock(mutex_);
      room_.wait(lock, [&] { return blocks_.size() < kAhead || stop.stop_requested(); });
      blocks_.push_back(std::move(out));
      ready_.notify_one();
    }
    out = fresh();
  }

  std::string path_;
  std::unique_ptr<std::FILE, FileCloser> file_;
  std::mutex mutex_;
  std::condition_variable ready_, room_;
  std::deque<std::string> blocks_;
  std::vector<std::string> spare_;
  std::exception_ptr error_;
  bool done_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

LineReader::LineReader(std::string path) : path_(std::move(path)) {
  if (std::filesystem::is_directory(path_)) throw Error(path_ + ": is a folder; give a file");
  std::FILE* file = std::fopen(path_.c_str(), "rb");
  if (file == nullptr) throw errno_error(path_, "cannot open");
  std::error_code unknown;  // a pipe has no size
  const auto size = std::filesystem::file_size(path_, unknown);
  file_size_ = unknown ? 0 : static_cast<int64_t>(size);
  inflater_ = std::make_unique<Inflater>(path_, file);
  if (!refill()) throw Error(path_ + ": the file is empty");
  if (block_.compare(0, 3, "\xEF\xBB\xBF") == 0) at_ = 3;
}

LineReader::~LineReader() = default;

int64_t LineReader::bytes_read() const { return inflater_->bytes; }
uint32_t LineReader::checksum() const { return inflater_->crc; }

bool LineReader::refill() {
  at_ = 0;
  ended_ = !inflater_->next(block_);
  if (ended_) block_.clear();
  return !ended_;
}

bool LineReader::next(std::string_view& line) {
  carried_.clear();
  while (true) {
    if (at_ == block_.size() && (ended_ || !refill())) {
      if (carried_.empty()) return false;
      line = carried_;  // the last line, without its newline
      break;
    }
    const char* start = block_.data() + at_;
    const auto* newline = static_cast<const char*>(std::memchr(start, '\n', block_.size() - at_));
    if (newline != nullptr) {
      const auto length = static_cast<size_t>(newline - start);
      at_ += length + 1;
      if (carried_.empty()) {
        line = {start, length};
      } else {
        carried_.append(start, length);
        line = carried_;
      }
      break;
    }
    carried_.append(start, block_.size() - at_);
    at_ = block_.size();
  }
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  ++line_number_;
  return true;
}

std::vector<std::string> LineReader::peek(size_t most) {
  // A first line longer than a block is read whole: half a line would be taken for a broken one.
  std::string more;
  for (size_t seen = at_; block_.find('\n', seen) == std::string::npos && inflater_->next(more);) {
    seen = block_.size();
    block_ += more;
  }
  std::vector<std::string> lines;
  size_t from = at_;
  while (lines.size() < most && from < block_.size()) {
    size_t newline = block_.find('\n', from);
    // A line cut by the block's end counts only when there is nothing else to look at.
    if (newline == std::string::npos) {
      if (block_.size() >= kBlock && !lines.empty()) break;
      newline = block_.size();
    }
    std::string line = block_.substr(from, newline - from);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(std::move(line));
    from = newline + 1;
  }
  return lines;
}

}  // namespace latent
