#include "src/server/listen.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "src/base/error.h"

namespace latent {

namespace {

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

int listen_at(const HttpAddress& address) {
  int out = -1;
  addrinfo wanted{}, *found = nullptr;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE;
  const std::string where = address.host + ":" + std::to_string(address.port);
  const int failed = ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(),
                                   &wanted, &found);
  if (failed != 0) throw Error(where + ": no address to listen on: " + ::gai_strerror(failed));
  for (const addrinfo* at = found; at != nullptr && out < 0; at = at->ai_next)
    out = listening_socket(*at);
  const int why = errno;
  ::freeaddrinfo(found);
  if (out < 0)
    throw Error(where + ": cannot listen there: " + std::strerror(why) +
                (why == EADDRINUSE ? "; --port takes another one" : ""));
  return out;
}

}  // namespace latent
