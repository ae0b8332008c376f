#include "src/server/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace latent {

Connection::Connection(int socket, const HttpLimits& limits) : socket_(socket), limits_(limits) {
  const int yes = 1;
  // Header and body of an answer are two writes; the second is not to wait for an echo.
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  begin_request();
}

Connection::~Connection() {
  ::shutdown(socket_, SHUT_WR);
  // What the client is still sending would turn the last answer into a reset.
  char rest[4096];
  for (int reads = 0; reads < 64 && has_input(/*milliseconds=*/reads == 0 ? 50 : 0); ++reads) {
    if (::recv(socket_, rest, sizeof rest, MSG_DONTWAIT) <= 0) break;
  }
  ::close(socket_);
}

bool Connection::has_input(int milliseconds) const {
  if (at_ < buffer_.size()) return true;
  pollfd wanted{socket_, POLLIN, 0};
  return ::poll(&wanted, 1, milliseconds) > 0;
}

void Connection::begin_request() {
  deadline_ = std::chrono::steady_clock::now() + std::chrono::seconds(limits_.request_seconds);
  header_left_ = limits_.header_bytes;
  // Of short chunks most bytes are lengths; their reader counts what they hold.
  body_left_ = 8 * limits_.body_bytes + (64 << 10);
  line_ends_ = 0;
  exceeded_ = "";
}

bool Connection::wait(short events) const {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                        deadline_ - std::chrono::steady_clock::now())
                        .count();
  if (left <= 0) return false;
  pollfd wanted{socket_, events, 0};
  return ::poll(&wanted, 1, static_cast<int>(left)) > 0;
}

int64_t Connection::read(char* data, int64_t size) {
  reading_ = true;
  if (at_ == buffer_.size()) {
    constexpr size_t kRoom = 16 << 10;
    if (!wait(POLLIN)) {
      exceeded_ = "time";
      return -1;
    }
    if (buffer_.capacity() > 4 * kRoom) std::string().swap(buffer_);
    buffer_.resize(kRoom);
    at_ = 0;
    const ssize_t got = ::recv(socket_, buffer_.data(), kRoom, 0);
    buffer_.resize(got > 0 ? static_cast<size_t>(got) : 0);
    if (got <= 0) return got;
  }
  int64_t count = std::min<int64_t>(size, static_cast<int64_t>(buffer_.size() - at_));
  if (line_ends_ < 2) {
    // The header, byte by byte: what follows its end is counted as body.
    int64_t n = 0;
    while (n < count && line_ends_ < 2) {
      const char c = buffer_[at_ + static_cast<size_t>(n)];
      if (c == '\n')
        ++line_ends_;
      else if (c != '\r')
        line_ends_ = 0;
      ++n;
    }
    count = n;
    header_left_ -= count;
  } else {
    body_left_ -= count;
  }
  if (header_left_ < 0 || body_left_ < 0) {
    exceeded_ = header_left_ < 0 ? "header" : "body";
    return -1;
  }
  std::memcpy(data, buffer_.data() + at_, static_cast<size_t>(count));
  at_ += static_cast<size_t>(count);
  return count;
}

void Connection::unread(const std::string& body) {
  buffer_ = body + buffer_.substr(at_);
  at_ = 0;
}

int64_t Connection::write(const char* data, int64_t size) {
  if (std::exchange(reading_, false))  // what the answer took is not the client's time
    deadline_ = std::chrono::steady_clock::now() + std::chrono::seconds(limits_.request_seconds);
  for (int64_t done = 0; done < size;) {
    if (!wait(POLLOUT)) return -1;
    const ssize_t sent = ::send(socket_, data + done, static_cast<size_t>(size - done),
                                MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return -1;
    if (sent > 0) done += sent;
  }
  return size;
}

std::pair<std::string, int> Connection::peer() const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getpeername(socket_, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {"", 0};
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return {text, ntohs(v4.sin_port)};
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  return {text, ntohs(v6.sin6_port)};
}

}  // namespace latent
