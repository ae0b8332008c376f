#include "src/kernels/gemm.h"

#include <algorithm>
#include <cstring>

#include "src/base/parallel.h"
#include "src/kernels/gemm_kernels.h"

namespace latent {

namespace {

constexpr int64_t kNearFloats = 4096;  // of A, that stay in the nearest cache
constexpr int64_t kFloatRows = 512;    // summed in float
constexpr int64_t kGramRows = 4096;    // a task
constexpr int64_t kProductRows = 256;  // a task

/// out [kRows, stride] = the rows of A times Q, whose panels of 16 columns lie one after another.
template <int kRows>
LATENT_INLINE void product_rows(const float* a, int stride, const float* panels, float* out) {
  for (int j = 0; j < stride; j += 16) {
    const float* const panel = panels + int64_t{j} * stride;
    Float8 sum[kRows][2] = {};
    for (int k = 0; k < stride; ++k) {
      const Float8 left = load8(panel + 16 * k), right = load8(panel + 16 * k + 8);
#pragma GCC unroll 6
      for (int n = 0; n < kRows; ++n) {
        sum[n][0] += a[n * stride + k] * left;
        sum[n][1] += a[n * stride + k] * right;
      }
    }
    for (int n = 0; n < kRows; ++n) {
      store8(out + n * stride + j, sum[n][0]);
      store8(out + n * stride + j + 8, sum[n][1]);
    }
  }
}

LATENT_INLINE void product_block(float* a, int64_t rows, int stride, const float* panels,
                                 float* out) {
  constexpr int kRows = 6;
  int64_t r = 0;
  for (; r + kRows <= rows; r += kRows) {
    product_rows<kRows>(a + r * stride, stride, panels, out);
    std::memcpy(a + r * stride, out, sizeof(float) * kRows * stride);
  }
  for (; r < rows; ++r) {
    product_rows<1>(a + r * stride, stride, panels, out);
    std::memcpy(a + r * stride, out, sizeof(float) * stride);
  }
}

LATENT_INLINE void gram_body(const float* a, int64_t rows, int stride, float* sum) {
  const int64_t near = std::max<int64_t>(8, kNearFloats / stride);
  for (int64_t r = 0; r < rows; r += near) {
    const int64_t count = std::min(near, rows - r);
    const float* const block = a + r * stride;
    for (int j = 0; j < stride; j += 16) {
      // Above the diagonal's square of 16 by sixes and fours, then the upper part of the square.
      int i = 0;
      for (; j - i >= 6 && j - i != 8; i += 6) gram_tile<6, 2>(block, count, stride, i, j, sum);
      for (; i < j + 8; i += 4) gram_tile<4, 2>(block, count, stride, i, j, sum);
      gram_tile<8, 1>(block, count, stride, i, j + 8, sum);
    }
  }
}

}  // namespace

void add_gram(const float* a, int64_t rows, int stride, float* sum) {
  kernel<gram_body>()(a, rows, stride, sum);
}

std::vector<double> gram(const float* a, int64_t rows, int stride, int threads, Peers& peers) {
  const int64_t cells = int64_t{stride} * stride, tasks = ceil_div(rows, kGramRows);
  const Piece piece = piece_of(even_shares(tasks, peers.size()), peers.rank());
  const int64_t first = piece.begin, end = piece.end;
  std::vector<std::vector<double>> parts(end - first);
  parallel_chunks(end - first, threads, [&](int64_t task) {
    const int64_t t = first + task;
    std::vector<double>& own = parts[task];
    own.assign(cells, 0.0);
    std::vector<float> part(cells);
    const int64_t last = std::min(rows, (t + 1) * kGramRows);
    for (int64_t r = t * kGramRows; r < last; r += kFloatRows) {
      std::fill(part.begin(), part.end(), 0.0f);
      add_gram(a + r * stride, std::min(kFloatRows, last - r), stride, part.data());
      for (int64_t n = 0; n < cells; ++n) own[n] += part[n];
    }
  });
  std::vector<double> out(cells);
  peers.in_turn(out.data(), cells * int64_t{sizeof(double)}, [&] {
    for (const auto& part : parts) {
      for (int64_t n = 0; n < cells; ++n) out[n] += part[n];
    }
  });
  for (int i = 0; i < stride; ++i) {
    for (int j = 0; j < i; ++j) out[i * stride + j] = out[j * stride + i];
  }
  return out;
}

void multiply_rows(float* a, int64_t rows, int stride, const float* q, int threads) {
  Table<float> panels(int64_t{stride} * stride);
  for (int j = 0; j < stride; j += 16) {
    for (int k = 0; k < stride; ++k)
      std::copy_n(q + int64_t{k} * stride + j, 16, panels.data() + int64_t{j} * stride + 16 * k);
  }
  parallel_chunks(ceil_div(rows, kProductRows), threads, [&](int64_t t) {
    Table<float> out(6 * stride);
    const int64_t first = t * kProductRows;
    kernel<product_block>()(a + first * stride, std::min(kProductRows, rows - first), stride,
                          panels.data(), out.data());
  });
}

}  // namespace latent
