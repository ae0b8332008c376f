// HTTP/1.1 over sockets of our own: cpp-httplib reads requests and writes answers.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "src/server/connection.h"
#include "src/server/http.h"

namespace latent {

struct HttpAddress {
  std::string host = "127.0.0.1";
  int port = 8000;  ///< 0: any that is free
};

class HttpServer {
 public:
  /// Listens from here on. Throws Error where the address is in use or none of this machine's.
  /// `handler` is called from many threads, and its HttpErrors are answers.
  HttpServer(const HttpAddress& address, const HttpLimits& limits, HttpHandler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const { return port_; }
  /// Answers until stop() says so, asked some times a second. Then takes no more connections,
  /// finishes what has begun within the limits' time, and returns.
  void run(const std::function<bool()>& stop);

 private:
  class Parser;
  void serve(int socket);
  void refuse(int socket) const;

  HttpLimits limits_;
  std::unique_ptr<Parser> parser_;
  int listening_ = -1, port_ = 0;
  std::atomic<int> active_ = 0;
  std::atomic<bool> draining_ = false;
};

}  // namespace latent
