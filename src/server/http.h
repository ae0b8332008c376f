// Requests and answers, free of the library that carries them.
#pragma once

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace latent {

struct HttpRequest {
  std::string method, path, body;
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> headers;  ///< names in small letters

  /// "" where it is not there.
  std::string header(const std::string& name) const {
    const auto at = headers.find(name);
    return at == headers.end() ? "" : at->second;
  }
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};
};

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

/// What is wrong with a request; becomes an answer of that status with {"error": text}.
struct HttpError : std::runtime_error {
  HttpError(int status, const std::string& text) : std::runtime_error(text), status(status) {}
  int status;
};

/// What the server asks of who uses it; each is called from many threads.
struct HttpCallbacks {
  HttpHandler answer;                              ///< HttpErrors are answers
  std::function<void(const HttpRequest&)> admit;   ///< by its header alone: HttpError refuses it
  std::function<void(int status)> refused;         ///< a request that `answer` never saw
};

/// {"error": text}, on one line.
HttpResponse error_response(int status, const std::string& text);

}  // namespace latent
