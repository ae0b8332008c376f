// What a build without cpp-httplib says of `latent serve`.
#include "src/base/error.h"
#include "src/server/http_server.h"

namespace latent {

// No answer is ever sent.
HttpResponse error_response(int status, const std::string& text) { return {status, text, {}}; }

class HttpServer::Parser {};

HttpServer::HttpServer(const HttpAddress&, const HttpLimits&, HttpCallbacks) {
  throw Error("this build has no cpp-httplib, which serving over HTTP needs; install "
              "libcpp-httplib-dev and build again");
}
HttpServer::~HttpServer() = default;

bool HttpServer::run(const std::function<bool()>&) { return true; }

}  // namespace latent
