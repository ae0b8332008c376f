// A client's socket whose requests have limits: bytes, and seconds until they are there.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace latent {

struct HttpLimits {
  int64_t body_bytes = 8 << 20;
  int64_t header_bytes = 16 << 10;
  int request_seconds = 20;  ///< for a request to come, and for its answer to be taken
  int idle_seconds = 60;     ///< between two requests; the first comes within request_seconds
  int connections = 256;
  int compute_seconds = 60;  ///< what an answer may take once the server is going to stop
};

/// Owns the socket.
class Connection {
 public:
  Connection(int socket, const HttpLimits& limits);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Waits for the first byte of a request for `milliseconds`: true where there is one, or the
  /// client has gone.
  bool has_input(int milliseconds) const;
  /// A request begins: counts bytes and time from here.
  void begin_request();

  /// Up to `size` bytes; 0 at the end, below 0 beyond a limit.
  int64_t read(char* data, int64_t size);
  /// Puts `body` before what is read next: that of a request which came in chunks.
  void unread(const std::string& body);
  /// All of it; below 0 where it fails.
  int64_t write(const char* data, int64_t size);

  /// Beyond which limit the request went: "", "header", "body" or "time".
  const char* exceeded() const { return exceeded_; }
  int socket() const { return socket_; }
  /// The client's address, and the port.
  std::pair<std::string, int> peer() const;

 private:
  bool wait(short events) const;

  int socket_;
  const HttpLimits& limits_;
  std::chrono::steady_clock::time_point deadline_;
  std::string buffer_;
  size_t at_ = 0;
  int64_t header_left_ = 0, body_left_ = 0;
  int line_ends_ = 0;  // '\n's in a row, '\r' aside: two of them end the header
  bool reading_ = false;  // the last that was done
  const char* exceeded_ = "";
};

}  // namespace latent
