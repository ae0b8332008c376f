#include "models/recommender.h"

#include <cmath>

#include "models/table_rows.h"
#include "src/base/parallel.h"
#include "src/base/rng.h"

namespace latent {

namespace {

torch::nn::Embedding embedding_of(const torch::Tensor& values) {
  return torch::nn::Embedding::from_pretrained(
      values, torch::nn::EmbeddingFromPretrainedOptions().freeze(false));
}

}  // namespace

torch::Tensor GradientModelImpl::reg() {
  torch::Tensor sum = torch::zeros({});
  for (const Penalty& p : penalties())
    sum = sum.to(p.table.device()) + p.coefficient * in_floats(p.table).square().sum();
  return sum;
}

torch::Tensor RecommenderImpl::initial_values(const std::string& name, int64_t rows,
                                              int64_t columns) const {
  torch::Tensor weight = torch::empty({rows, columns});
  float* const w = weight.data_ptr<float>();
  constexpr int64_t kChunk = 1 << 14;  // part of the definition of the initial values
  const Rng rng(spec_.seed);
  const int64_t filled = spec_.filled ? rows * columns : 0;
  const double bound = std::sqrt(6.0 / static_cast<double>(rows + columns));  // of Xavier's
  parallel_chunks(ceil_div(filled, kChunk), default_threads(), [&](int64_t chunk) {
    RandomStream stream = rng.stream("init." + name, chunk);
    const int64_t end = std::min(filled, (chunk + 1) * kChunk);
    for (int64_t n = chunk * kChunk; n < end; ++n) {
      switch (spec_.init) {
        case Init::kUniform:
          w[n] = static_cast<float>((stream.uniform() - 0.5) / static_cast<double>(spec_.factors));
          break;
        case Init::kXavier:
          w[n] = static_cast<float>(bound * (2 * stream.uniform() - 1));
          break;
        case Init::kNormal:
          w[n] = static_cast<float>(spec_.init_mean + spec_.init_std * stream.normal());
          break;
      }
    }
  });
  return weight;
}

torch::nn::Embedding RecommenderImpl::make_table(const std::string& name, int64_t rows,
                                                 int64_t columns) {
  return register_module(name, embedding_of(initial_values(name, rows, columns)));
}

torch::nn::Embedding RecommenderImpl::make_factors(const std::string& name, int64_t rows) {
  torch::Tensor values = initial_values(name, rows, spec_.factors);
  if (spec_.in_bfloat16) values = values.to(torch::kBFloat16);
  return register_module(name, embedding_of(values));
}

torch::Tensor RecommenderImpl::make_alpha() {
  return register_parameter("alpha", torch::full({1}, static_cast<float>(spec_.mean)));
}

}  // namespace latent
