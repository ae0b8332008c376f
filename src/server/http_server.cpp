#include "src/server/http_server.h"

// As Debian's library is built: the layout of its classes depends on it.
#ifndef CPPHTTPLIB_OPENSSL_SUPPORT
#define CPPHTTPLIB_OPENSSL_SUPPORT
#endif
#include <arpa/inet.h>
#include <httplib.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "src/base/error.h"
#include "src/server/framing.h"
#include "src/server/listen.h"

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

HeaderFields fields_of(const httplib::Request& request) {
  HeaderFields out;
  for (const auto& [name, value] : request.headers) out.emplace_back(small_letters(name), value);
  return out;
}

/// The path alone of "http://host/path", as proxies are asked.
std::string local_path(const std::string& path) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!small_letters(path.substr(0, scheme.size())).starts_with(scheme)) continue;
    const size_t from = path.find('/', scheme.size());
    return from == std::string::npos ? "/" : path.substr(from);
  }
  return path;
}

/// How the body of a request comes, by its header alone; HttpError: it may not come in.
BodyLength checked(const httplib::Request& request, const HttpLimits& limits) {
  constexpr size_t kLongestPath = 2048;  // routes are regular expressions, which recurse
  if (request.path.size() > kLongestPath) throw HttpError(414, "the path is too long");
  if (request.method != "GET" && request.method != "HEAD" && request.method != "POST")
    throw HttpError(405, "only GET, HEAD and POST are answered");
  const BodyLength out = body_length(request.method, fields_of(request), limits.body_bytes);
  const std::string type = small_letters(request.get_header_value("Content-Type"));
  if (request.has_header("Content-Encoding") || type.starts_with("multipart/"))
    throw HttpError(415, "send plain JSON, neither compressed nor in parts");
  return out;
}

}  // namespace

HttpResponse error_response(int status, const std::string& text) {
  const nlohmann::json body = {{"error", text}};
  return {status, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

/// Of httplib's server only what it makes of one request.
class HttpServer::Parser : public httplib::Server {
 public:
  Parser(const HttpLimits& limits, const HttpCallbacks& calls) : limits_(limits), calls_(calls) {
    set_payload_max_length(static_cast<size_t>(limits.body_bytes));
    set_pre_routing_handler([this](const httplib::Request&, httplib::Response& response) {
      if (!now_.refusal) return HandlerResponse::Unhandled;
      refuse(*now_.refusal, response);
      return HandlerResponse::Handled;
    });
    const auto answer = [this](const httplib::Request& request, httplib::Response& response) {
      put(answered(request), response);
    };
    Get(".*", answer);
    Post(".*", answer);
    set_error_handler([this](const httplib::Request&, httplib::Response& response) {
      if (response.body.empty()) refuse(unreadable(response.status), response);
    });
    set_post_routing_handler([](const httplib::Request&, httplib::Response& response) {
      // The library would speak of its own loop's times, and of ranges, which are not answered.
      for (const char* name : {"Keep-Alive", "Accept-Ranges"}) response.headers.erase(name);
      if (!now_.close && *now_.connection->exceeded() == '\0') return;
      response.headers.erase("Connection");
      response.set_header("Connection", "close");
    });
  }

  /// Reads a request and answers it; false: the connection is to be closed.
  bool one(Connection& connection, bool last) {
    Wire wire(connection);
    now_ = {&connection, false, std::nullopt};
    const bool read = process_request(wire, last, now_.close, [&](httplib::Request& request) {
      take(request, connection);
    });
    return read && !now_.close && !last && *connection.exceeded() == '\0';
  }

 private:
  /// The request that this thread is at.
  struct Now {
    Connection* connection = nullptr;
    bool close = false;
    std::optional<HttpError> refusal;
  };

  /// Looks at the header, and makes one piece of a body in chunks.
  void take(httplib::Request& request, Connection& connection) const {
    request.headers.erase("Accept-Encoding");  // short answers are not worth compressing
    request.ranges.clear();
    request.path = local_path(request.path);
    try {
      const BodyLength length = checked(request, limits_);
      calls_.admit(converted(request));
      // Bodies are JSON whatever they are called: the library would take a form apart.
      request.headers.erase("Content-Type");
      if (!length.chunked) return;
      static constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
      if (request.has_header("Expect")) connection.write(kGoOn.data(), std::ssize(kGoOn));
      request.headers.erase("Expect");
      const std::string body = read_chunks(connection, limits_.body_bytes);
      connection.unread(body);
      request.headers.erase("Transfer-Encoding");
      request.headers.emplace("Content-Length", std::to_string(body.size()));
    } catch (const HttpError& e) {
      now_.refusal = e;
      request.headers.erase("Expect");
    }
  }

  /// What is left of the request stays unread: what follows on the connection is none.
  void refuse(const HttpError& error, httplib::Response& response) const {
    now_.close = true;
    put(error_response(error.status, error.what()), response);
    if (error.status == 401) response.set_header("WWW-Authenticate", "Bearer");
    if (error.status == 405) response.set_header("Allow", "GET, HEAD, POST");
    calls_.refused(error.status);
  }

  static HttpError unreadable(int status) {
    const std::string_view beyond = now_.connection->exceeded();
    if (beyond == "time") return {408, "the request did not come in time"};
    if (beyond == "header") return {431, "the header is too long"};
    if (beyond == "body" || status == 413) return {413, "the body is too long"};
    // Seen by the library before anything else is looked at.
    if (status == 416) return {400, "the Range header cannot be read; ranges are not answered"};
    return {status, "the request cannot be read"};
  }

  HttpResponse answered(const httplib::Request& request) const {
    try {
      return calls_.answer(converted(request));
    } catch (const HttpError& e) {
      return error_response(e.status, e.what());
    } catch (const std::bad_alloc&) {
      return error_response(503, "out of memory");
    } catch (const std::exception& e) {
      return error_response(500, e.what());
    }
  }

  HttpLimits limits_;
  const HttpCallbacks& calls_;
  static thread_local Now now_;
};

thread_local HttpServer::Parser::Now HttpServer::Parser::now_;

HttpServer::HttpServer(const HttpAddress& address, const HttpLimits& limits, HttpCallbacks calls)
    : limits_(limits), calls_(std::move(calls)), parser_(std::make_unique<Parser>(limits, calls_)) {
  listening_ = listen_at(address);
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
  calls_.refused(503);
  (void)::send(socket, kBusy, sizeof kBusy - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  ::close(socket);
}

void HttpServer::serve(int socket) {
  Connection connection(socket, limits_);
  constexpr int kSlice = 100;  // milliseconds between two looks at draining_
  for (int seconds = limits_.request_seconds;; seconds = limits_.idle_seconds) {
    int waited = 0;
    while (!connection.has_input(kSlice)) {
      waited += kSlice;
      if (draining_ || waited >= 1000 * seconds) return;
    }
    connection.begin_request();
    if (!parser_->one(connection, draining_)) break;
  }
}

bool HttpServer::take_one() {
  const int socket = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
  if (socket < 0) {
    // Out of descriptors: those in use are given back in time.
    if (errno == EMFILE || errno == ENFILE) ::usleep(10'000);
    return false;
  }
  if (active_ >= limits_.connections) {
    refuse(socket);
    return true;
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
  return true;
}

bool HttpServer::run(const std::function<bool()>& stop) {
  const auto waiting = [this](int milliseconds) {
    pollfd wanted{listening_, POLLIN, 0};
    return ::poll(&wanted, 1, milliseconds) > 0;
  };
  while (!stop()) {
    if (waiting(/*milliseconds=*/100)) take_one();
  }
  draining_ = true;
  // Whose connection the system has accepted already is not to find it reset.
  while (waiting(/*milliseconds=*/0) && take_one()) {
  }
  ::close(std::exchange(listening_, -1));
  const int most = 2 * limits_.request_seconds + limits_.compute_seconds;
  for (int waits = 0; active_ > 0 && waits < 100 * most; ++waits) ::usleep(10'000);
  return active_ == 0;
}

}  // namespace latent
