// What is to happen to which of the program's calls, and how many there have been.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

struct Counts {
  std::atomic<uint64_t> calls, faults;
};

enum class Fault { kNone, kError, kShort, kKill, kPause };

Counts g_own;
Counts* g_counts = &g_own;
std::atomic<bool> g_armed = false;
const char* g_under = "";
std::string_view g_call;
uint64_t g_at = 0;
Fault g_fault = Fault::kNone;
int g_error = ENOSPC;
bool g_lasting = false;

const char* variable(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? "" : text;
}

void arm() {
  g_under = variable("SHIM_UNDER");
  g_call = variable("SHIM_CALL");
  g_at = std::strtoull(variable("SHIM_AT"), nullptr, 10);
  std::string_view fault = variable("SHIM_DO");
  g_lasting = fault.ends_with('+');
  if (g_lasting) fault.remove_suffix(1);
  g_fault = fault == "short"   ? Fault::kShort
            : fault == "kill"  ? Fault::kKill
            : fault == "pause" ? Fault::kPause
            : fault.empty()    ? Fault::kNone
                               : Fault::kError;
  g_error = fault == "EIO" ? EIO : fault == "EMFILE" ? EMFILE : ENOSPC;
  if (const char* path = variable("SHIM_COUNT"); *path != '\0') {
    const long file = ::syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    void* const place =
        file < 0 ? MAP_FAILED
                 : reinterpret_cast<void*>(::syscall(SYS_mmap, nullptr, sizeof(Counts),
                                                     PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
    if (place == MAP_FAILED) std::abort();
    ::syscall(SYS_close, file);
    g_counts = static_cast<Counts*>(place);
  }
  g_armed = !g_call.empty();
}

[[noreturn]] void die() {
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

/// What is to happen to a call of this kind, once it is counted; `alters`: files.
Fault fate(std::string_view kind, bool alters) {
  if (!g_armed || !(g_call == kind || (alters && g_call == "change"))) return Fault::kNone;
  const uint64_t n = ++g_counts->calls;
  if (g_at == 0 || n < g_at || (n > g_at && !g_lasting)) return Fault::kNone;
  ++g_counts->faults;
  if (g_fault == Fault::kPause) {
    for (;;) ::pause();
  }
  return g_fault;
}

bool is_ours(std::string_view path) { return path.starts_with(g_under); }

/// By the file that a descriptor leads to.
bool is_ours(int descriptor) {
  char link[40], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t size = ::syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path);
  return size > 0 && is_ours(std::string_view(path, static_cast<size_t>(size)));
}

/// Relative paths start at the working folder.
bool is_ours_path(const char* path) {
  if (path[0] == '/') return is_ours(std::string_view(path));
  char whole[2 * 4096];
  const long size = ::syscall(SYS_getcwd, whole, 4096);  // counts the end
  if (size < 2) return false;
  while (path[0] == '.' && path[1] == '/') path += 2;
  std::snprintf(whole + size - 1, 4096, "/%s", path);
  return is_ours(std::string_view(whole));
}

/// Whether the call fails; errno is set then. A kill ends here.
bool fails(std::string_view kind, bool alters) {
  const Fault fault = fate(kind, alters);
  if (fault == Fault::kKill) die();
  if (fault != Fault::kError) return false;
  errno = g_error;
  return true;
}

/// `whole` bytes are to be written: how many are. -1: none, errno says why.
ssize_t to_write(int descriptor, size_t whole) {
  if (!is_ours(descriptor)) return static_cast<ssize_t>(whole);
  switch (fate("write", /*alters=*/true)) {
    case Fault::kError:
      errno = g_error;
      return -1;
    case Fault::kShort:
      return static_cast<ssize_t>(whole > 1 ? whole / 2 : whole);
    case Fault::kKill:
      return -2 - static_cast<ssize_t>(whole / 2);
    default:
      return static_cast<ssize_t>(whole);
  }
}

/// Writes by `call`, which takes a number of bytes.
template <typename Call>
ssize_t write_by(int descriptor, size_t bytes, Call call) {
  const ssize_t most = to_write(descriptor, bytes);
  if (most == -1) return -1;
  if (most < -1) {
    call(static_cast<size_t>(-2 - most));
    die();
  }
  return call(static_cast<size_t>(most));
}

}  // namespace
