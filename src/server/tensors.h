// Tensors of the Open Inference Protocol: as JSON, or as bytes behind it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "src/server/api.h"

namespace latent {

/// {"name", "datatype", "shape"}.
Json tensor(const char* name, const char* type, std::vector<int64_t> shape);

class TensorInputs {
 public:
  /// Keeps references into the request's body. Throws HttpError for what is no list of inputs,
  /// holds more than the limits allow, or leads out of the body.
  TensorInputs(const HttpRequest& request, const ApiLimits& limits);

  /// The values of a BYTES input.
  std::vector<std::string> texts(const std::string& name) const;
  /// The input or parameter k; 10 without either.
  int64_t k() const;
  /// Throws HttpError, 400, for an input of another name.
  void take_only(const std::set<std::string>& names) const;
  const nlohmann::json& said() const { return said_; }

 private:
  void read(const nlohmann::json& input);
  int64_t values_of(const nlohmann::json& shape) const;
  std::string_view taken(const nlohmann::json& size);

  ApiLimits limits_;
  nlohmann::json said_;
  std::string_view binary_;
  std::map<std::string, std::vector<std::string>> texts_;
  std::map<std::string, std::vector<int64_t>> numbers_;
};

class TensorOutputs {
 public:
  /// Of the request that `said` is: which outputs it wants, and how. Keeps a reference.
  explicit TensorOutputs(const nlohmann::json& said) : said_(said) {}

  void add_texts(const char* name, const std::vector<int64_t>& shape,
                 const std::vector<std::string>& values);
  void add_scores(const char* name, const std::vector<int64_t>& shape,
                  const std::vector<float>& values);
  HttpResponse response(const std::string& model) const;

 private:
  template <typename T>
  void add(Json output, const std::vector<T>& values, std::string_view bytes);

  bool asks_for_some() const;

  const nlohmann::json& said_;
  std::set<std::string> names_;  // of all there are
  Json outputs_ = Json::array();
  std::string binary_;
};

}  // namespace latent
