// Requests to the server, as they come over a socket.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <thread>

#include "src/base/error.h"
#include "src/server/api.h"
#include "src/server/http_server.h"
#include "tests/fuzz/targets.h"

namespace latent::fuzz {

namespace {

constexpr const char* kToken = "sesame";
constexpr int kPatience = 5;  // seconds for an answer

/// A server on this machine's own address, for as long as the process lives.
class RunningServer {
 public:
  RunningServer()
      : live_(std::string(LATENT_SOURCE_DIR) + "/tests/fuzz/corpus/safetensors/ials"),
        api_(live_, {.limits = {.most_items = 20, .most_asked = 10, .most_entries = 50},
                     .token = kToken}),
        server_({.host = "127.0.0.1", .port = 0},
                {.body_bytes = 4096, .header_bytes = 2048, .request_seconds = 1, .idle_seconds = 1},
                {[this](const HttpRequest& r) { return api_.answer(r); },
                 [this](const HttpRequest& r) { api_.authorise(r); },
                 [this](int status) { api_.count_refusal(status); }}) {
    std::signal(SIGPIPE, SIG_IGN);
    std::thread([this] { (void)server_.run([] { return false; }); }).detach();
  }

  /// What it answers to `bytes`, after which nothing comes.
  std::string ask(std::string_view bytes) const {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(server_.port()));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // Reset at the end: thousands of connections would keep their ports for a minute each.
    const linger reset{1, 0};
    const timeval patience{kPatience, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(socket, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
      throw Finding("the server takes no connection");
    (void)::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ::shutdown(socket, SHUT_WR);
    std::string out;
    char piece[4096];
    ssize_t got = 0;
    while ((got = ::recv(socket, piece, sizeof piece, 0)) > 0)
      out.append(piece, static_cast<size_t>(got));
    const bool late = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    ::close(socket);
    if (late) throw Finding("no answer within " + std::to_string(kPatience) + " seconds");
    return out;
  }

 private:
  LiveModel live_;
  Api api_;
  HttpServer server_;
};

}  // namespace

std::string read_requests(std::string_view bytes) {
  static const auto& server = *new RunningServer();  // its threads outlive main()
  const std::string answer = server.ask(bytes);
  if (answer.empty()) return "";
  if (!answer.starts_with("HTTP/1.1 ")) throw Finding("an answer that is no HTTP: " + answer);
  for (size_t at = 0; (at = answer.find("HTTP/1.1 5", at)) != std::string::npos; ++at)
    throw Finding("the server gives up: " + answer.substr(at, 300));
  return answer.substr(0, 12);
}

}  // namespace latent::fuzz
