// A library for LD_PRELOAD: counts the program's system calls on files of one folder, and lets the
// n-th of a kind fail, be cut short, or be the program's last. See scripts/fail_io.py.
//
//   SHIM_UNDER  only files whose path begins so count
//   SHIM_CALL   open read write fsync rename mkdir mmap malloc, or change: all that alters files
//   SHIM_AT     which call, from 1; 0 or unset: only count
//   SHIM_DO     ENOSPC, EIO, EMFILE, short (a part is written), kill (SIGKILL; of a write a part is
//               done), pause (waits for good), or ENOSPC+ and EIO+: that call and all after it
//   SHIM_COUNT  a file of 16 bytes: the number of calls so far, and whether the fault has come
#include <dlfcn.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <cstdarg>
#include <cstring>
#include <new>

#include "fault.h"

namespace {

template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

bool opens_to_alter(int flags) { return (flags & (O_CREAT | O_TRUNC)) != 0; }

int open_through(int folder, const char* path, int flags, mode_t mode) {
  const bool ours = folder == AT_FDCWD || path[0] == '/' ? is_ours_path(path) : is_ours(folder);
  if (g_armed && ours && fails("open", opens_to_alter(flags))) return -1;
  return static_cast<int>(::syscall(SYS_openat, folder, path, flags, mode));
}

mode_t mode_of(int flags, va_list more) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
}

// Streams of the C library write by calls of their own, which nothing can stand before: those that
// write get functions of ours.

ssize_t cookie_write(void* cookie, const char* bytes, size_t count) {
  const int file = static_cast<int>(reinterpret_cast<intptr_t>(cookie));
  size_t written = 0;
  while (written < count) {  // as the library itself goes on after a short write
    const ssize_t done = write_by(file, count - written, [&](size_t n) {
      return ::syscall(SYS_write, file, bytes + written, n);
    });
    if (done < 0) return 0;  // says: an error
    written += static_cast<size_t>(done);
  }
  return static_cast<ssize_t>(count);
}
int cookie_close(void* cookie) {
  return static_cast<int>(
      ::syscall(SYS_close, static_cast<int>(reinterpret_cast<intptr_t>(cookie))));
}

FILE* stream_through(const char* path, const char* mode, const char* name) {
  const char kind = mode[0];
  if (!g_armed || !is_ours_path(path) || (kind != 'w' && kind != 'a') ||
      std::strchr(mode, '+') != nullptr) {
    if (g_armed && is_ours_path(path) && fails("open", kind == 'w' || kind == 'a')) return nullptr;
    return next<FILE*(const char*, const char*)>(name)(path, mode);
  }
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (kind == 'w' ? O_TRUNC : O_APPEND);
  const int file = open_through(AT_FDCWD, path, flags, 0666);
  if (file < 0) return nullptr;
  cookie_io_functions_t functions = {nullptr, cookie_write, nullptr, cookie_close};
  return ::fopencookie(reinterpret_cast<void*>(static_cast<intptr_t>(file)), mode, functions);
}

using Main = int(int, char**, char**);
Main* g_main = nullptr;

int armed_main(int argc, char** argv, char** environment) {
  arm();
  return g_main(argc, argv, environment);
}

void* allocate(size_t bytes) {
  if (fails("malloc", /*alters=*/false)) return nullptr;
  return std::malloc(bytes == 0 ? 1 : bytes);
}

}  // namespace

extern "C" {

int __libc_start_main(Main* main, int argc, char** argv, void (*init)(), void (*fini)(),
                      void (*loader_fini)(), void* stack_end) {
  g_main = main;
  return next<int(Main*, int, char**, void (*)(), void (*)(), void (*)(), void*)>(
      "__libc_start_main")(armed_main, argc, argv, init, fini, loader_fini, stack_end);
}

#define LATENT_OPEN(signature, folder)                    \
  int signature {                                         \
    va_list more;                                         \
    va_start(more, flags);                                \
    const mode_t mode = mode_of(flags, more);             \
    va_end(more);                                         \
    return open_through(folder, path, flags, mode);       \
  }
LATENT_OPEN(open(const char* path, int flags, ...), AT_FDCWD)
LATENT_OPEN(open64(const char* path, int flags, ...), AT_FDCWD)
LATENT_OPEN(openat(int folder, const char* path, int flags, ...), folder)
LATENT_OPEN(openat64(int folder, const char* path, int flags, ...), folder)

// What the calls become under _FORTIFY_SOURCE.
int __open_2(const char* path, int flags) { return open_through(AT_FDCWD, path, flags, 0); }
int __open64_2(const char* path, int flags) { return open_through(AT_FDCWD, path, flags, 0); }
int __openat_2(int folder, const char* path, int flags) {
  return open_through(folder, path, flags, 0);
}
int __openat64_2(int folder, const char* path, int flags) {
  return open_through(folder, path, flags, 0);
}

FILE* fopen(const char* path, const char* mode) { return stream_through(path, mode, "fopen"); }
FILE* fopen64(const char* path, const char* mode) { return stream_through(path, mode, "fopen64"); }

ssize_t read(int file, void* to, size_t bytes) {
  if (g_armed && is_ours(file) && fails("read", /*alters=*/false)) return -1;
  return ::syscall(SYS_read, file, to, bytes);
}
ssize_t pread64(int file, void* to, size_t bytes, off64_t from) {
  if (g_armed && is_ours(file) && fails("read", /*alters=*/false)) return -1;
  return ::syscall(SYS_pread64, file, to, bytes, from);
}
ssize_t pread(int file, void* to, size_t bytes, off_t from) {
  return pread64(file, to, bytes, from);
}

ssize_t __read_chk(int file, void* to, size_t bytes, size_t) { return read(file, to, bytes); }
ssize_t __pread64_chk(int file, void* to, size_t bytes, off64_t from, size_t) {
  return pread64(file, to, bytes, from);
}

ssize_t write(int file, const void* from, size_t bytes) {
  if (!g_armed) return ::syscall(SYS_write, file, from, bytes);
  return write_by(file, bytes, [&](size_t n) { return ::syscall(SYS_write, file, from, n); });
}
ssize_t pwrite64(int file, const void* from, size_t bytes, off64_t at) {
  if (!g_armed) return ::syscall(SYS_pwrite64, file, from, bytes, at);
  return write_by(file, bytes,
                  [&](size_t n) { return ::syscall(SYS_pwrite64, file, from, n, at); });
}
ssize_t pwrite(int file, const void* from, size_t bytes, off_t at) {
  return pwrite64(file, from, bytes, at);
}
ssize_t writev(int file, const iovec* pieces, int count) {
  if (g_armed && is_ours(file) && fails("write", /*alters=*/true)) return -1;
  return ::syscall(SYS_writev, file, pieces, count);
}

int fsync(int file) {
  if (g_armed && is_ours(file) && fails("fsync", /*alters=*/true)) return -1;
  return static_cast<int>(::syscall(SYS_fsync, file));
}
int fdatasync(int file) {
  if (g_armed && is_ours(file) && fails("fsync", /*alters=*/true)) return -1;
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}
int ftruncate64(int file, off64_t size) {
  if (g_armed && is_ours(file) && fails("truncate", /*alters=*/true)) return -1;
  return static_cast<int>(::syscall(SYS_ftruncate, file, size));
}
int ftruncate(int file, off_t size) { return ftruncate64(file, size); }

int rename(const char* from, const char* to) {
  if (g_armed && is_ours_path(to) && fails("rename", /*alters=*/true)) return -1;
  return static_cast<int>(::syscall(SYS_rename, from, to));
}
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  if (g_armed && is_ours_path(to) && fails("rename", /*alters=*/true)) return -1;
  return static_cast<int>(::syscall(SYS_renameat2, from_folder, from, to_folder, to, flags));
}
int unlink(const char* path) {
  if (g_armed && is_ours_path(path) && fails("unlink", /*alters=*/true)) return -1;
  return static_cast<int>(::syscall(SYS_unlink, path));
}
int remove(const char* path) {
  if (g_armed && is_ours_path(path) && fails("unlink", /*alters=*/true)) return -1;
  return next<int(const char*)>("remove")(path);
}
int mkdir(const char* path, mode_t mode) {
  if (g_armed && is_ours_path(path) && fails("mkdir", /*alters=*/true)) return -1;
  return static_cast<int>(::syscall(SYS_mkdir, path, mode));
}

void* mmap64(void* place, size_t bytes, int protection, int flags, int file, off64_t at) {
  if (g_armed && file >= 0 && is_ours(file) && fails("mmap", /*alters=*/false)) return MAP_FAILED;
  return reinterpret_cast<void*>(
      ::syscall(SYS_mmap, place, bytes, protection, flags, file, at));
}
void* mmap(void* place, size_t bytes, int protection, int flags, int file, off_t at) {
  return mmap64(place, bytes, protection, flags, file, at);
}

}  // extern "C"

void* operator new(size_t bytes) {
  if (void* const place = allocate(bytes)) return place;
  throw std::bad_alloc();
}
void* operator new[](size_t bytes) { return operator new(bytes); }
void* operator new(size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes); }
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes); }
void operator delete(void* place) noexcept { std::free(place); }
void operator delete[](void* place) noexcept { std::free(place); }
void operator delete(void* place, size_t) noexcept { std::free(place); }
void operator delete[](void* place, size_t) noexcept { std::free(place); }
