// What the server answers to whom: JSON in, JSON out.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "src/server/counters.h"
#include "src/server/http.h"
#include "src/server/live_model.h"

namespace latent {

struct ApiLimits {
  int64_t most_items = 1000;  ///< of a list: k
  int64_t most_asked = 1000;  ///< users, pairs or histories of a request; items of a history
  int64_t most_entries = 100'000;  ///< of all lists of an answer together
};

struct ApiOptions {
  ApiLimits limits;
  std::string name = "model";  ///< under /v2/models
  std::string token;           ///< "": none is asked for
};

class Api {
 public:
  /// Keeps a reference.
  Api(LiveModel& live, ApiOptions options) : live_(live), options_(std::move(options)) {}

  /// Throws HttpError, 401, for a request whose header brings no token where one is asked for.
  void authorise(const HttpRequest& request) const;
  /// One that answer() never saw, for /metrics.
  void count_refusal(int status) { counters_.add("refused", status, 0); }
  /// Any request that may come in. Throws HttpError.
  HttpResponse answer(const HttpRequest& request);
  /// From now on /v2/health/ready says no, so that a balancer turns elsewhere.
  void drain() { draining_ = true; }

 private:
  HttpResponse routed(const HttpRequest& request);

  LiveModel& live_;
  ApiOptions options_;
  Counters counters_;
  std::atomic<bool> draining_ = false;
};

/// A question about lists: the body of a POST, or the query of a GET. Each throws HttpError, 400
/// for what it cannot be, 404 for unknown ids.
using Json = nlohmann::ordered_json;
struct Asked {
  const ServedModel& model;
  const nlohmann::json& body;
  const ApiLimits& limits;
};
Json answer_recommend(const Asked& asked);
Json answer_similar(const Asked& asked);
Json answer_score(const Asked& asked);
Json answer_rank(const Asked& asked);
Json answer_fold_in(const Asked& asked);
Json answer_explain(const Asked& asked);
Json answer_find(const Asked& asked);

/// The Open Inference Protocol (KServe v2), every path under /v2 but for health.
HttpResponse answer_inference(const HttpRequest& request, const ServedModel& model,
                              const ApiOptions& options);

/// OpenAPI 3 of all this.
std::string openapi_text(const ApiOptions& options);
/// A page to try it with.
std::string page_html();

}  // namespace latent
