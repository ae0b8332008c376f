#include "src/server/api.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <iterator>
#include <map>

#include "src/base/error.h"
#include "src/base/json_text.h"
#include "src/server/api_parts.h"

namespace latent {

namespace {

struct Route {
  Json (*answer)(const Asked&);
};
const std::map<std::string, Route> kRoutes = {
    {"/recommend", {answer_recommend}}, {"/similar", {answer_similar}},
    {"/score", {answer_score}},         {"/rank", {answer_rank}},
    {"/fold-in", {answer_fold_in}},     {"/explain", {answer_explain}},
    {"/find", {answer_find}}};

HttpResponse json_response(const Json& body) {
  return {200, body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

/// A query as the body of a POST says it: numbers and true or false where they are wanted.
nlohmann::json from_query(const std::map<std::string, std::string>& query) {
  auto out = nlohmann::json::object();
  for (const auto& [name, value] : query) {
    if (name == "k") {
      int64_t number = 0;
      const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
      if (failed != std::errc() || end != value.data() + value.size())
        throw HttpError(400, "k must be a whole number");
      out[name] = number;
    } else if (name == "include_seen") {
      if (value != "true" && value != "false")
        throw HttpError(400, "include_seen must be true or false");
      out[name] = value == "true";
    } else {
      out[name] = value;
    }
  }
  return out;
}

nlohmann::json body_of(const HttpRequest& request) {
  if (request.method != "POST") return from_query(request.query);
  nlohmann::json body = json_of(request.body);
  if (body.is_discarded()) throw HttpError(400, "the body is no JSON");
  if (!body.is_object()) throw HttpError(400, "the body must be a JSON object");
  return body;
}

/// As long for any token, so that its time says nothing about how much of one was right.
bool same(const std::string& given, const std::string& wanted) {
  unsigned char differs = given.size() == wanted.size() ? 0 : 1;
  for (size_t n = 0; n < given.size(); ++n)
    differs |= static_cast<unsigned char>(given[n] ^ wanted[n % wanted.size()]);
  return differs == 0;
}

}  // namespace

void Api::authorise(const HttpRequest& request) const {
  // The page holds nothing of the model; it asks for the token.
  if (options_.token.empty() || request.path.starts_with("/v2/health/") || request.path == "/")
    return;
  std::string given = request.header("authorization");
  for (size_t n = 0; n < std::min<size_t>(6, given.size()); ++n)
    given[n] = static_cast<char>(std::tolower(static_cast<unsigned char>(given[n])));
  if (!same(given, "bearer " + options_.token))
    throw HttpError(401, "a token is needed: Authorization: Bearer TOKEN");
}

HttpResponse Api::answer(const HttpRequest& request) {
  const auto from = std::chrono::steady_clock::now();
  HttpResponse out;
  try {
    out = routed(request);
  } catch (const HttpError& e) {
    out = error_response(e.status, e.what());
    if (e.status == 405) out.headers.emplace_back("Allow", "GET, HEAD");
  } catch (const nlohmann::json::exception&) {
    out = error_response(400, "the request is not what this path takes; see /openapi.json");
  } catch (const Error& e) {
    // Where the file lies is nobody's business but the server's.
    out = error_response(400, without_path(*live_.get(), e.what()));
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - from;
  // Paths that do not exist are no rows of their own: anybody could make more and more of them.
  const bool known = kRoutes.contains(request.path) || request.path == "/" ||
                     request.path == "/metrics" || request.path == "/openapi.json";
  counters_.add(known                                 ? request.path
                : request.path.starts_with("/v2")     ? "/v2"
                                                      : "other",
                out.status, took.count());
  return out;
}

HttpResponse Api::routed(const HttpRequest& request) {
  const std::string& path = request.path;
  const auto model = live_.get();
  if (const auto route = kRoutes.find(path); route != kRoutes.end()) {
    const nlohmann::json body = body_of(request);
    return json_response(route->second.answer({*model, body, options_.limits}));
  }
  if (path == "/v2/health/live") return {200, R"({"live":true})"};
  if (draining_ && path.ends_with("/ready"))
    return error_response(503, "the server is going to stop");
  if (path == "/v2/health/ready") return {200, R"({"ready":true})"};
  if (path == "/v2" || path.starts_with("/v2/"))
    return answer_inference(request, *model, options_);
  if (request.method == "POST" && (path == "/" || path == "/metrics" || path == "/openapi.json"))
    throw HttpError(405, "ask for this path with a GET");
  if (request.method == "POST") throw HttpError(404, "there is no such path; see /openapi.json");
  if (path == "/") return {200, page_html(), "text/html; charset=utf-8",
                           {{"Content-Security-Policy",
                             "default-src 'none'; style-src 'unsafe-inline'; script-src "
                             "'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action "
                             "'none'"}}};
  if (path == "/metrics")
    return {200, counters_.text(live_.loads(), live_.refusals()),
            "text/plain; version=0.0.4; charset=utf-8"};
  if (path == "/openapi.json") return {200, openapi_text(options_)};
  throw HttpError(404, "there is no such path; see /openapi.json");
}

}  // namespace latent
