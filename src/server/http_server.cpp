#include "src/server/http_server.h"

// As Debian's library is built: the layout of its classes depends on it.
#ifndef CPPHTTPLIB_OPENSSL_SUPPORT
#define CPPHTTPLIB_OPENSSL_SUPPORT
#endif
#include <arpa/inet.h>
#include <httplib.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "src/base/error.h"

namespace latent {

namespace {

std::string small_letters(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/// A connection as httplib reads and writes it.
class Wire : public httplib::Stream {
 public:
  explicit Wire(Connection& connection) : connection_(connection) {}
  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* data, size_t size) override {
    return connection_.read(data, static_cast<int64_t>(size));
  }
  ssize_t write(const char* data, size_t size) override {
    return connection_.write(data, static_cast<int64_t>(size));
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    std::tie(ip, port) = connection_.peer();
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override { ip = "", port = 0; }
  socket_t socket() const override { return connection_.socket(); }

 private:
  Connection& connection_;
};

HttpRequest converted(const httplib::Request& from) {
  HttpRequest out{from.method, from.path, from.body, {}, {}};
  for (const auto& [name, value] : from.params) out.query.emplace(name, value);
  for (const auto& [name, value] : from.headers) out.headers.emplace(small_letters(name), value);
  return out;
}

void put(const HttpResponse& from, httplib::Response& to) {
  to.status = from.status;
  to.set_content(from.body, from.type);
  for (const auto& [name, value] : from.headers) to.set_header(name, value);
}

/// Whether a request may come in at all, by its header alone.
void check_header(const httplib::Request& request, const HttpLimits& limits) {
  constexpr size_t kLongestPath = 2048;  // routes are regular expressions, which recurse
  if (request.path.size() > kLongestPath) throw HttpError(414, "the path is too long");
  if (request.method == "GET" || request.method == "HEAD") return;
  if (request.method != "POST") throw HttpError(405, "only GET, HEAD and POST are answered");
  const std::string type = small_letters(request.get_header_value("Content-Type"));
  if (request.has_header("Content-Encoding") || type.starts_with("multipart/"))
    throw HttpError(415, "send plain JSON, neither compressed nor in parts");
  if (request.has_header("Transfer-Encoding")) return;
  const std::string text = request.get_header_value("Content-Length");
  if (text.empty()) throw HttpError(411, "the request needs a Content-Length");
  int64_t length = -1;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (failed != std::errc() || end != text.data() + text.size() || length < 0)
    throw HttpError(400, "Content-Length is no number of bytes");
  if (length > limits.body_bytes)
    throw HttpError(413, "the body is longer than " + std::to_string(limits.body_bytes) +
                             " bytes");
}

/// -1: no socket there, with errno.
int listening_socket(const addrinfo& at) {
  const int out = ::socket(at.ai_family, at.ai_socktype | SOCK_CLOEXEC, at.ai_protocol);
  if (out < 0) return -1;
  // A port whose last connections are still closing may be taken again, but none that is in use:
  // SO_REUSEPORT, which httplib would set, shares it silently.
  const int yes = 1;
  ::setsockopt(out, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(out, at.ai_addr, at.ai_addrlen) == 0 && ::listen(out, SOMAXCONN) == 0) return out;
  const int why = errno;
  ::close(out);
  errno = why;
  return -1;
}

}  // namespace

HttpResponse error_response(int status, const std::string& text) {
  const nlohmann::json body = {{"error", text}};
  return {status, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

/// Of httplib's server only what it makes of one request.
class HttpServer::Parser : public httplib::Server {
 public:
  Parser(const HttpLimits& limits, HttpHandler handler)
      : limits_(limits), handler_(std::move(handler)) {
    set_payload_max_length(static_cast<size_t>(limits.body_bytes));
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      try {
        check_header(request, limits_);
      } catch (const HttpError& e) {
        // The body stays unread: what follows on the connection is no request.
        put(error_response(e.status, e.what()), response);
        close_after_ = true;
        return HandlerResponse::Handled;
      }
      return HandlerResponse::Unhandled;
    });
    const auto answer = [this](const httplib::Request& request, httplib::Response& response) {
      put(answered(request), response);
    };
    Get(".*", answer);
    Post(".*", answer);
    set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (!response.body.empty()) return;
      close_after_ = true;
      put(error_response(response.status, response.status == 413
                                              ? "the body is too long"
                                              : "the request cannot be read"),
          response);
    });
  }

  /// Reads a request and answers it; false: the connection is to be closed.
  bool one(Connection& connection, bool last) {
    Wire wire(connection);
    close_after_ = false;
    bool closed = false;
    const bool read = process_request(wire, last, closed, [](httplib::Request& request) {
      request.headers.erase("Accept-Encoding");  // short answers are not worth compressing
      request.ranges.clear();
    });
    return read && !closed && !close_after_ && !last && *connection.exceeded() == '\0';
  }

 private:
  HttpResponse answered(const httplib::Request& request) const {
    try {
      return handler_(converted(request));
    } catch (const HttpError& e) {
      return error_response(e.status, e.what());
    } catch (const std::bad_alloc&) {
      return error_response(503, "out of memory");
    } catch (const std::exception& e) {
      return error_response(500, e.what());
    }
  }

  HttpLimits limits_;
  HttpHandler handler_;
  static thread_local bool close_after_;
};

thread_local bool HttpServer::Parser::close_after_ = false;

HttpServer::HttpServer(const HttpAddress& address, const HttpLimits& limits, HttpHandler handler)
    : limits_(limits), parser_(std::make_unique<Parser>(limits, std::move(handler))) {
  addrinfo wanted{}, *found = nullptr;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE;
  const std::string where = address.host + ":" + std::to_string(address.port);
  const int failed = ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(),
                                   &wanted, &found);
  if (failed != 0) throw Error(where + ": no address to listen on: " + ::gai_strerror(failed));
  for (const addrinfo* at = found; at != nullptr && listening_ < 0; at = at->ai_next)
    listening_ = listening_socket(*at);
  const int why = errno;
  ::freeaddrinfo(found);
  if (listening_ < 0)
    throw Error(where + ": cannot listen there: " + std::strerror(why) +
                (why == EADDRINUSE ? "; --port takes another one" : ""));
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  ::getsockname(listening_, reinterpret_cast<sockaddr*>(&bound), &length);
  port_ = ntohs(bound.ss_family == AF_INET ? reinterpret_cast<sockaddr_in&>(bound).sin_port
                                           : reinterpret_cast<sockaddr_in6&>(bound).sin6_port);
}

HttpServer::~HttpServer() {
  if (listening_ >= 0) ::close(listening_);
}

void HttpServer::refuse(int socket) const {
  static constexpr char kBusy[] =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
      "Connection: close\r\nContent-Length: 34\r\n\r\n{\"error\": \"too many connections\"}\n";
  (void)::send(socket, kBusy, sizeof kBusy - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  ::close(socket);
}

void HttpServer::serve(int socket) {
  Connection connection(socket, limits_);
  constexpr int kSlice = 100;  // milliseconds between two looks at draining_
  for (;;) {
    int waited = 0;
    while (!connection.has_input(kSlice)) {
      waited += kSlice;
      if (draining_ || waited >= 1000 * limits_.idle_seconds) return;
    }
    connection.begin_request();
    if (!parser_->one(connection, draining_)) break;
  }
}

void HttpServer::run(const std::function<bool()>& stop) {
  while (!stop()) {
    pollfd wanted{listening_, POLLIN, 0};
    if (::poll(&wanted, 1, /*milliseconds=*/100) <= 0) continue;
    const int socket = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) {
      // Out of descriptors: those in use are given back in time.
      if (errno == EMFILE || errno == ENFILE) ::usleep(10'000);
      continue;
    }
    if (active_ >= limits_.connections) {
      refuse(socket);
      continue;
    }
    ++active_;
    try {
      std::thread([this, socket] {
        try {
          serve(socket);
        } catch (const std::exception&) {  // out of memory: this connection ends, others go on
        }
        --active_;
      }).detach();
    } catch (const std::system_error&) {
      --active_;
      refuse(socket);
    }
  }
  ::close(std::exchange(listening_, -1));
  draining_ = true;
  for (int waits = 0; active_ > 0 && waits < 100 * (limits_.request_seconds + 1); ++waits)
    ::usleep(10'000);
}

}  // namespace latent
