#include "src/data/column.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "src/base/error.h"
#include "src/base/left_over.h"
#include "src/base/memory.h"
#include "src/data/cache_file.h"

namespace latent {

namespace {

/// A file that has lost its name, closed with the block.
class NamelessFile {
 public:
  explicit NamelessFile(const std::string& folder) {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);  // or open() says what is wrong
    // A kill before it has lost its name leaves it, empty, to make_cache_folder().
    const std::string path = folder + "/" + fresh_suffix(kColumns);
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd_ < 0) throw errno_error(folder, "cannot make a file for columns there");
    ::unlink(path.c_str());
  }
  ~NamelessFile() { ::close(fd_); }
  NamelessFile(const NamelessFile&) = delete;
  NamelessFile& operator=(const NamelessFile&) = delete;
  int descriptor() const { return fd_; }

 private:
  int fd_ = -1;
};

}  // namespace

void* map_column(const std::string& folder, size_t bytes) {
  const NamelessFile file(folder);
  // All of it now: a page that finds no room later would end the process.
  if (const int failed = ::posix_fallocate(file.descriptor(), 0, static_cast<off_t>(bytes))) {
    errno = failed;
    throw errno_error(folder, "cannot hold a column of " +
                                  memory_text(static_cast<double>(bytes)) + " (data.cache_dir)");
  }
  void* const at =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor(), 0);
  if (at == MAP_FAILED) throw errno_error(folder, "cannot map a column");
  return at;
}

void unmap_column(void* at, size_t bytes) { ::munmap(at, bytes); }

std::shared_ptr<char> map_file(const InputFile& file) {
  const uint64_t bytes = file.size();
  // Room for a copy of each page would be more than the memory.
  void* const at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE,
                          file.descriptor(), 0);
  if (at == MAP_FAILED) throw errno_error(file.path().string(), "cannot map");
  return {static_cast<char*>(at), [bytes](char* data) { ::munmap(data, bytes); }};
}

void will_need(const void* at, size_t bytes) {
  static const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto from = reinterpret_cast<uintptr_t>(at) / page * page;
  ::madvise(reinterpret_cast<void*>(from), reinterpret_cast<uintptr_t>(at) + bytes - from,
            MADV_WILLNEED);
}

}  // namespace latent
