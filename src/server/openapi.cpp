// The description of the server's paths for machines: OpenAPI 3.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "src/base/version.h"
#include "src/server/api.h"

namespace latent {

namespace {

Json text(const char* about) { return {{"type", "string"}, {"description", about}}; }
Json texts(const ApiLimits& most, const char* about) {
  return {{"type", "array"}, {"items", {{"type", "string"}}}, {"maxItems", most.most_asked},
          {"description", about}};
}
Json object(const Json& properties, const std::vector<std::string>& required = {}) {
  Json out = {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  if (!required.empty()) out["required"] = required;
  return out;
}

Json k(const ApiLimits& most) {
  return {{"type", "integer"}, {"minimum", 1}, {"maximum", most.most_items},
          {"default", std::min<int64_t>(10, most.most_items)},
          {"description", "how many"}};
}
Json ratings() {
  return {{"type", "array"},
          {"items", {{"type", "number"}, {"nullable", true}}},
          {"description", "as many as items; null: none"}};
}
Json list_rules(const ApiLimits& most) {
  return {{"k", k(most)},
          {"include_seen",
           {{"type", "boolean"}, {"description", "also items that the user has"}}},
          {"exclude", texts(most, "items never to list")},
          {"only", texts(most, "items to choose from")},
          {"unknown",
           {{"type", "string"},
            {"enum", {"error", "popular", "skip"}},
            {"description", "for ids that the model does not know"}}}};
}
Json joined(Json first, const Json& second) {
  first.update(second);
  return first;
}

Json content(const char* type, const Json& schema) {
  return {{"content", {{type, {{"schema", schema}}}}}};
}

Json responses(const Json& good) {
  Json out = {{"200", good}};
  const std::pair<const char*, const char*> bad[] = {
      {"400", "the request is not what this path takes"},
      {"401", "a token is needed"},
      {"404", "an id or a path that is unknown"},
      {"405", "another method than GET, HEAD and POST"},
      {"408", "the request did not come in time"},
      {"411", "no Content-Length"},
      {"413", "the body is too long"},
      {"414", "the path is too long"},
      {"415", "the body is no plain JSON"},
      {"431", "the header is too long"},
      {"503", "too many connections, or the server is going to stop"}};
  for (const auto& [status, about] : bad) {
    out[status] = content("application/json",
                          {{"$ref", "#/components/schemas/error"}});
    out[status]["description"] = about;
  }
  return out;
}

Json post(const char* about, const Json& body) {
  Json good = content("application/json", {{"type", "object"}});
  good["description"] = "the answer";
  Json request = content("application/json", body);
  request["required"] = true;
  return {{"summary", about}, {"requestBody", request}, {"responses", responses(good)}};
}

Json get(const char* about, const char* type = "application/json",
         const std::vector<std::pair<const char*, Json>>& query = {}) {
  Json good = content(type, {{"type", type == std::string("application/json") ? "object"
                                                                              : "string"}});
  good["description"] = "the answer";
  Json out = {{"summary", about}, {"responses", responses(good)}};
  for (const auto& [name, schema] : query)
    out["parameters"].push_back({{"name", name}, {"in", "query"}, {"schema", schema}});
  return out;
}

Json tensor_request() {
  const Json tensor = {{"type", "object"},
                       {"properties",
                        {{"name", {{"type", "string"}}},
                         {"shape", {{"type", "array"}, {"items", {{"type", "integer"}}}}},
                         {"datatype", {{"type", "string"}, {"enum", {"BYTES", "INT64", "INT32"}}}},
                         {"parameters", {{"type", "object"}}},
                         {"data", {{"type", "array"}, {"items", Json::object()}}}}},
                       {"required", {"name", "shape", "datatype"}}};
  return {{"type", "object"},
          {"properties",
           {{"id", {{"type", "string"}}},
            {"parameters", {{"type", "object"}}},
            {"inputs", {{"type", "array"}, {"items", tensor}}},
            {"outputs", {{"type", "array"}, {"items", {{"type", "object"}}}}}}},
          {"required", {"inputs"}}};
}

Json own_paths(const ApiLimits& most) {
  const Json user = text("a user's id"), item = text("an item's id");
  const Json history = {{"items", texts(most, "what somebody has")}, {"ratings", ratings()}};
  const Json rules = list_rules(most);
  const std::vector<std::pair<const char*, Json>> list_query = {
      {"user", user},
      {"k", rules["k"]},
      {"include_seen", rules["include_seen"]},
      {"unknown", rules["unknown"]}};
  Json out;
  out["/recommend"] = {
      {"get", get("the best items for a user", "application/json", list_query)},
      {"post", post("the best items for a user, or for each of many",
                    object(joined({{"user", user}, {"users", texts(most, "users' ids")}},
                                  list_rules(most))))}};
  out["/similar"] = {
      {"get", get("the items most like an item, or users like a user", "application/json",
                  {{"item", item}, {"user", user}, {"k", k(most)}})},
      {"post", post("the items most like an item, or users like a user",
                    object({{"item", item}, {"user", user}, {"k", k(most)}}))}};
  out["/score"] = {
      {"get", get("the score of a pair", "application/json", {{"user", user}, {"item", item}})},
      {"post",
       post("the score of a pair, or of each of many",
            object({{"user", user},
                    {"item", item},
                    {"pairs", {{"type", "array"},
                               {"items", {{"type", "array"}, {"items", {{"type", "string"}}},
                                          {"minItems", 2}, {"maxItems", 2}}}}}}))}};
  out["/rank"] = {{"post", post("items in the order of a user's scores",
                                object({{"user", user}, {"items", texts(most, "items' ids")}},
                                       {"user", "items"}))}};
  const Json many = {{"type", "array"}, {"items", object(history, {"items"})}};
  out["/fold-in"] = {
      {"post", post("the best items for somebody new, by what they have",
                    object(joined(joined(history, list_rules(most)),
                                  {{"histories", many},
                                   {"vector", {{"type", "boolean"},
                                               {"description", "also their factors"}}}})))}};
  out["/explain"] = {
      {"post", post("what the items of a user, or of a history, add to a score",
                    object(joined(history, {{"user", user},
                                            {"item", item},
                                            {"k", k(most)},
                                            {"unknown", rules["unknown"]}}),
                           {"item"}))}};
  out["/find"] = {{"get", get("items by a part of their title or id", "application/json",
                              {{"text", text("the part")}, {"k", k(most)}})},
                  {"post", post("items by a part of their title or id",
                                object({{"text", text("the part")}, {"k", k(most)}}, {"text"}))}};
  out["/"] = {{"get", get("a page to try it with", "text/html")}};
  out["/metrics"] = {{"get", get("counters for Prometheus", "text/plain")}};
  out["/openapi.json"] = {{"get", get("this")}};
  return out;
}

Json protocol_paths() {
  Json out;
  const Json model = {{{"name", "model"}, {"in", "path"}, {"required", true},
                       {"schema", {{"type", "string"}}}}};
  for (const char* path : {"/v2", "/v2/health/live", "/v2/health/ready"})
    out[path] = {{"get", get("the Open Inference Protocol")}};
  for (const char* path :
       {"/v2/models/{model}", "/v2/models/{model}/ready", "/v2/models/{model}/versions/1",
        "/v2/models/{model}/versions/1/ready"})
    out[path] = {{"parameters", model}, {"get", get("the Open Inference Protocol")}};
  for (const char* path : {"/v2/models/{model}/infer", "/v2/models/{model}/versions/1/infer"})
    out[path] = {{"parameters", model},
                 {"post", post("lists and scores as tensors", tensor_request())}};
  return out;
}

}  // namespace

std::string openapi_text(const ApiOptions& options) {
  const Json error = object({{"error", {{"type", "string"}}}}, {"error"});
  Json out = {
      {"openapi", "3.0.3"},
      {"info", {{"title", "latent serve"}, {"version", kVersion}}},
      {"paths", joined(own_paths(options.limits), protocol_paths())},
      {"components",
       {{"schemas", {{"error", error}}},
        {"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}}}}};
  if (!options.token.empty()) out["security"] = {{{"token", Json::array()}}};
  return out.dump(1);
}

}  // namespace latent
