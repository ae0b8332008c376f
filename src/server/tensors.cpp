#include "src/server/tensors.h"

#include <charconv>
#include <cstring>

#include "src/base/error.h"
#include "src/base/json_text.h"
#include "src/server/api_parts.h"

namespace latent {

namespace {

using nlohmann::json;

void require_count(size_t got, int64_t wanted) {
  if (static_cast<int64_t>(got) != wanted)
    throw HttpError(400, "an input's data are not as many as its shape says");
}

/// Lists within lists are taken in row order.
template <typename Fn>
void for_each_value(const json& data, const Fn& fn) {
  if (!data.is_array()) return fn(data);
  for (const json& part : data) for_each_value(part, fn);
}

std::vector<std::string> json_texts(const json& data, int64_t count) {
  std::vector<std::string> out;
  for_each_value(data, [&](const json& value) { out.push_back(value.get<std::string>()); });
  require_count(out.size(), count);
  return out;
}

std::vector<int64_t> json_numbers(const json& data, int64_t count) {
  std::vector<int64_t> out;
  for_each_value(data, [&](const json& value) {
    const std::optional<int64_t> number = whole_of(value);
    if (!number) throw HttpError(400, "an input must hold whole numbers");
    out.push_back(*number);
  });
  require_count(out.size(), count);
  return out;
}

/// Each with its length before it, four bytes, the lowest first.
std::vector<std::string> binary_texts(std::string_view bytes, int64_t count) {
  std::vector<std::string> out;
  while (!bytes.empty()) {
    uint32_t length = 0;
    if (bytes.size() < sizeof length) throw HttpError(400, "a BYTES input is cut short");
    std::memcpy(&length, bytes.data(), sizeof length);
    bytes.remove_prefix(sizeof length);
    if (length > bytes.size()) throw HttpError(400, "a BYTES input is cut short");
    out.emplace_back(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  require_count(out.size(), count);
  return out;
}

std::vector<int64_t> binary_numbers(std::string_view bytes, int64_t count, size_t width) {
  if (bytes.size() % width != 0) throw HttpError(400, "an input is cut short");
  require_count(bytes.size() / width, count);
  std::vector<int64_t> out;
  for (size_t at = 0; at < bytes.size(); at += width) {
    int64_t value = 0;
    int32_t narrow = 0;
    if (width == sizeof value) {
      std::memcpy(&value, bytes.data() + at, sizeof value);
    } else {
      std::memcpy(&narrow, bytes.data() + at, sizeof narrow);
      value = narrow;
    }
    out.push_back(value);
  }
  return out;
}

bool flag(const json& object, const char* name) {
  if (!object.contains("parameters")) return false;
  const json& parameters = object["parameters"];
  return parameters.is_object() && parameters.contains(name) && parameters[name] == true;
}

}  // namespace

Json tensor(const char* name, const char* type, std::vector<int64_t> shape) {
  return {{"name", name}, {"datatype", type}, {"shape", std::move(shape)}};
}

TensorInputs::TensorInputs(const HttpRequest& request, const ApiLimits& limits)
    : limits_(limits) {
  std::string_view text = request.body;
  if (const std::string length = request.header("inference-header-content-length");
      !length.empty()) {
    size_t bytes = 0;
    const auto [end, failed] = std::from_chars(length.data(), length.data() + length.size(), bytes);
    if (failed != std::errc() || end != length.data() + length.size() || bytes > text.size())
      throw HttpError(400, "Inference-Header-Content-Length is not within the body");
    binary_ = text.substr(bytes);
    text = text.substr(0, bytes);
  }
  said_ = json_of(text);
  if (!said_.is_object()) throw HttpError(400, "the request is no JSON object");
  if (!said_.contains("inputs") || !said_["inputs"].is_array())
    throw HttpError(400, "the request has no list of inputs");
  for (const json& input : said_["inputs"]) read(input);
  if (!binary_.empty()) throw HttpError(400, "there are more bytes than the inputs say");
}

std::vector<std::string> TensorInputs::texts(const std::string& name) const {
  const auto at = texts_.find(name);
  if (at == texts_.end()) throw HttpError(400, "missing input " + name + " of datatype BYTES");
  return at->second;
}

int64_t TensorInputs::k() const {
  int64_t k = std::min<int64_t>(10, limits_.most_items);
  if (const auto at = numbers_.find("k"); at != numbers_.end()) {
    if (at->second.size() != 1) throw HttpError(400, "k must be one number");
    k = at->second[0];
  } else if (said_.contains("parameters") && said_["parameters"].contains("k")) {
    const std::optional<int64_t> said = whole_of(said_["parameters"]["k"]);
    if (!said) throw HttpError(400, "k must be a whole number");
    k = *said;
  }
  if (k < 1 || k > limits_.most_items)
    throw HttpError(400, "k must be from 1 to " + std::to_string(limits_.most_items));
  return k;
}

void TensorInputs::take_only(const std::set<std::string>& names) const {
  for (const json& input : said_["inputs"]) {
    if (const auto name = input.at("name").get<std::string>(); !names.contains(name))
      throw HttpError(400, "there is no input " + in_quotes(name));
  }
}

void TensorInputs::read(const json& input) {
  const auto name = input.at("name").get<std::string>();
  const auto type = input.at("datatype").get<std::string>();
  const int64_t count = values_of(input.at("shape"));
  const json parameters = object_in(input, "parameters");
  if (texts_.contains(name) || numbers_.contains(name))
    throw HttpError(400, "the input " + in_quotes(name) + " is there twice");
  const bool binary = parameters.contains("binary_data_size");
  if (type == "BYTES") {
    texts_[name] = binary ? binary_texts(taken(parameters["binary_data_size"]), count)
                          : json_texts(input.at("data"), count);
  } else if (type == "INT64" || type == "INT32") {
    const size_t width = type == "INT64" ? 8 : 4;
    numbers_[name] = binary ? binary_numbers(taken(parameters["binary_data_size"]), count, width)
                            : json_numbers(input.at("data"), count);
  } else {
    throw HttpError(400, "input " + in_quotes(name) + " has the datatype " + in_quotes(type) +
                             "; BYTES, INT64 and INT32 are taken");
  }
}

int64_t TensorInputs::values_of(const json& shape) const {
  if (!shape.is_array()) throw HttpError(400, "a shape must be a list");
  int64_t count = 1;
  for (const json& extent : shape) {
    const bool fits = extent.is_number_integer() && extent.get<int64_t>() >= 0 &&
                      !__builtin_mul_overflow(count, extent.get<int64_t>(), &count);
    if (!fits) throw HttpError(400, "a shape must hold whole numbers from 0 on");
  }
  if (count > limits_.most_asked)
    throw HttpError(400, "an input holds more than " + std::to_string(limits_.most_asked));
  return count;
}

std::string_view TensorInputs::taken(const json& size) {
  if (!size.is_number_unsigned() || size.get<uint64_t>() > binary_.size())
    throw HttpError(400, "binary_data_size leads beyond the body");
  const std::string_view out = binary_.substr(0, size.get<size_t>());
  binary_.remove_prefix(out.size());
  return out;
}

void TensorOutputs::add_texts(const char* name, const std::vector<int64_t>& shape,
                              const std::vector<std::string>& values) {
  std::string bytes;
  for (const std::string& text : values) {
    const auto length = static_cast<uint32_t>(text.size());
    bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
    bytes += text;
  }
  add(tensor(name, "BYTES", shape), values, bytes);
}

void TensorOutputs::add_scores(const char* name, const std::vector<int64_t>& shape,
                               const std::vector<float>& values) {
  add(tensor(name, "FP32", shape), values,
      {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
}

template <typename T>
void TensorOutputs::add(Json output, const std::vector<T>& values, std::string_view bytes) {
  bool binary = flag(said_, "binary_data_output"), wanted = true;
  names_.insert(output["name"].get<std::string>());
  if (asks_for_some()) {
    wanted = false;
    for (const json& asked : said_["outputs"]) {
      if (asked.at("name") != output["name"].get<std::string>()) continue;
      wanted = true;
      binary = asked.contains("parameters") && asked["parameters"].contains("binary_data")
                   ? flag(asked, "binary_data")
                   : binary;
    }
  }
  if (!wanted) return;
  if (binary) {
    output["parameters"] = {{"binary_data_size", bytes.size()}};
    binary_ += bytes;
  } else {
    output["data"] = values;
  }
  outputs_.push_back(std::move(output));
}

/// Without a list of outputs, or with an empty one, all are given.
bool TensorOutputs::asks_for_some() const {
  if (!said_.contains("outputs") || said_["outputs"].is_null()) return false;
  if (!said_["outputs"].is_array()) throw HttpError(400, "outputs must be a list");
  return !said_["outputs"].empty();
}

HttpResponse TensorOutputs::response(const std::string& model) const {
  Json out = {{"model_name", model}, {"model_version", "1"}};
  if (said_.contains("id")) {
    if (!said_["id"].is_string()) throw HttpError(400, "id must be a string");
    out["id"] = said_["id"];
  }
  if (asks_for_some()) {
    for (const json& asked : said_["outputs"]) {
      if (const auto name = asked.at("name").get<std::string>(); !names_.contains(name))
        throw HttpError(400, "there is no output " + in_quotes(name));
    }
  }
  out["outputs"] = outputs_;
  HttpResponse response{200, out.dump(-1, ' ', false, Json::error_handler_t::replace)};
  if (binary_.empty()) return response;
  response.headers.emplace_back("Inference-Header-Content-Length",
                                std::to_string(response.body.size()));
  response.type = "application/octet-stream";
  response.body += binary_;
  return response;
}

}  // namespace latent
