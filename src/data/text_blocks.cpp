#include "src/data/text_blocks.h"

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/config/data_sources.h"
#include "src/data/gz_stream.h"
#include "src/formats/crc32.h"

namespace latent {

namespace {

constexpr size_t kInput = 1 << 18;
constexpr int64_t kHarmless = 256 << 20;  // bytes of text, whatever they were unpacked from

}  // namespace

void TextBlock::reserve(size_t bytes) {
  if (bytes <= room_) return;
  std::unique_ptr<char[]> larger(new char[bytes + kSlack]);
  if (size_ > 0) std::memcpy(larger.get(), data_.get(), size_);
  std::memset(larger.get() + bytes, 0, kSlack);
  data_ = std::move(larger);
  room_ = bytes;
}

void TextBlock::append(std::string_view more) {
  if (size_ + more.size() > room_) reserve(std::max(2 * room_, size_ + more.size()));
  std::memcpy(end(), more.data(), more.size());
  size_ += more.size();
}

TextBlocks::TextBlocks(std::string path, size_t block_bytes, int64_t gz_ratio)
    : path_(std::move(path)),
      block_bytes_(block_bytes),
      input_(kInput, '\0'),
      gz_ratio_(gz_ratio) {
  if (std::filesystem::is_directory(path_)) throw Error(path_ + ": is a folder; give a file");
  file_.reset(std::fopen(path_.c_str(), "rb"));
  if (!file_) throw cannot_open(path_);
}

TextBlocks::~TextBlocks() = default;

bool TextBlocks::read_input() {
  used_ = 0;
  given_ = std::fread(input_.data(), 1, kInput, file_.get());
  if (std::ferror(file_.get()) != 0) throw errno_error(path_, "cannot read");
  if (bytes_ == 0 && given_ >= 2 && input_[0] == '\x1f' && input_[1] == '\x8b')
    gz_ = std::make_unique<GzStream>(path_);
  crc_ = crc32_of(input_.data(), given_, crc_);
  bytes_ += static_cast<int64_t>(given_);
  if (gz_) gz_->give(input_.data(), given_);
  return given_ > 0;
}

bool TextBlocks::next(TextBlock& block) {
  block.clear();
  block.reserve(block_bytes_);
  const bool more = fill(block);
  text_bytes_ += static_cast<int64_t>(block.size());
  refuse_bomb();
  block.file_bytes = bytes_ - static_cast<int64_t>(gz_ ? gz_->unused() : given_ - used_);
  // What came before the cut of a truncated file is given first: its errors are the earlier ones.
  if (!more && block.size() == 0 && gz_ && !gz_->at_member_end())
    throw Error(path_ + ": the gz stream ends early (truncated download?); fetch the file again");
  return block.size() > 0;
}

void TextBlocks::refuse_bomb() const {
  // What was read beyond the part that is unpacked counts for the file.
  if (!gz_ || text_bytes_ <= kHarmless || text_bytes_ / gz_ratio_ <= bytes_) return;
  throw Error(path_ + ": unpacks to more than " + std::to_string(gz_ratio_) +
              " times its size, as files that are made to fill a memory do; raise "
              "data.max_gz_ratio, or give it unpacked, if it is meant");
}

bool TextBlocks::fill(TextBlock& block) {
  while (block.size() < block_bytes_) {
    if (gz_ ? gz_->needs_input() : used_ == given_) {
      if (!read_input()) return false;
    }
    if (gz_) {
      gz_->inflate_into(block, block_bytes_);
    } else {
      const size_t n = std::min(given_ - used_, block_bytes_ - block.size());
      block.append({input_.data() + used_, n});
      used_ += n;
    }
  }
  return true;
}

}  // namespace latent
