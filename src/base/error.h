// The one exception type for what a person can fix.
#pragma once

#include <stdexcept>
#include <string>

namespace latent {

/// Something the user can fix. The text is one line: where, what, what to do. Exit code 1.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// An Error that lies with the machine and not with what was asked of it: a disk that is full, a
/// file that cannot be opened. Trying something else instead is of no use.
struct SystemError : Error {
  using Error::Error;
};

/// A wrong command line. Exit code 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// SIGINT or SIGTERM was honoured; the text says how to go on. Exit code 128 + signal.
struct Interrupted : std::runtime_error {
  Interrupted(int signal, const std::string& text) : std::runtime_error(text), signal(signal) {}
  int signal;
};

/// `text` with control characters and overlong middles removed, in single quotes: safe in one line.
std::string in_quotes(const std::string& text);

/// 'cannot open' and the like: "<path>: <what>: <strerror(errno)>".
SystemError errno_error(const std::string& path, const std::string& what);

}  // namespace latent
