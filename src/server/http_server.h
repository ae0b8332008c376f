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
  HttpServer(const HttpAddress& address, const HttpLimits& limits, HttpCallbacks calls);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const { return port_; }
  /// Answers until stop() says so, asked some times a second. Then takes the connections that
  /// wait already and no more, and finishes what has begun. False: some were not done within the
  /// limits' time, and their threads still use this and the callbacks.
  bool run(const std::function<bool()>& stop);

 private:
  class Parser;
  void serve(int socket);
  /// False: none is waiting.
  bool take_one();
  void refuse(int socket) const;

  HttpLimits limits_;
  HttpCallbacks calls_;
  std::unique_ptr<Parser> parser_;
  int listening_ = -1, port_ = 0;
  std::atomic<int> active_ = 0;
  std::atomic<bool> draining_ = false;
};

}  // namespace latent
