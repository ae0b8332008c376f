#include <algorithm>
#include <cmath>

#include "src/solve/ials_kernels.h"
#include "src/solve/ials_rows.h"

namespace latent {

namespace {

constexpr int kTogether = 8;

/// k [n, n], lower triangle -> its Cholesky factor with the inverse of the diagonal on it.
LATENT_INLINE void factorise(Float8* k, int n) {
  for (int j = 0; j < n; ++j) {
    Float8* const own = k + j * n;
    Float8 pivot = own[j];
    for (int c = 0; c < j; ++c) pivot -= own[c] * own[c];
    const Float8 inverse = 1.0f / sqrt8(pivot);
    own[j] = inverse;
    int i = j + 1;
    for (; i + 4 <= n; i += 4) {
      Float8* const r = k + i * n;
      Float8 s0 = r[j], s1 = r[n + j], s2 = r[2 * n + j], s3 = r[3 * n + j];
      for (int c = 0; c < j; ++c) {
        const Float8 x = own[c];
        s0 -= r[c] * x;
        s1 -= r[n + c] * x;
        s2 -= r[2 * n + c] * x;
        s3 -= r[3 * n + c] * x;
      }
      r[j] = s0 * inverse;
      r[n + j] = s1 * inverse;
      r[2 * n + j] = s2 * inverse;
      r[3 * n + j] = s3 * inverse;
    }
    for (; i < n; ++i) {
      Float8* const r = k + i * n;
      Float8 s = r[j];
      for (int c = 0; c < j; ++c) s -= r[c] * own[c];
      r[j] = s * inverse;
    }
  }
}

/// x <- (L L^T)^-1 x, L as factorise() leaves it.
LATENT_INLINE void solve_triangles(const Float8* k, int n, Float8* x) {
  for (int i = 0; i < n; ++i) {
    Float8 s = x[i];
    for (int c = 0; c < i; ++c) s -= k[i * n + c] * x[c];
    x[i] = s * k[i * n + i];
  }
  for (int i = n - 1; i >= 0; --i) {
    const Float8 s = x[i] * k[i * n + i];
    x[i] = s;
    for (int c = 0; c < i; ++c) x[c] -= k[i * n + c] * s;
  }
}

/// v_i D^-1 v_j for all i >= j of kN sources, pair i (i + 1) / 2 + j in its number: out [8 or 16].
template <int kN>
LATENT_INLINE void products_of(const float* const* v, const float* inverse, int stride,
                               Float8* out) {
  constexpr int kPairs = kN * (kN + 1) / 2;
  Float8 sum[16] = {};
  for (int f = 0; f < stride; f += 8) {
    const Float8 scale = load8(inverse + f);
    Float8 x[kN];
#pragma GCC unroll 4
    for (int i = 0; i < kN; ++i) {
      x[i] = load8(v[i] + f);
      const Float8 y = scale * x[i];
#pragma GCC unroll 4
      for (int j = 0; j <= i; ++j) sum[i * (i + 1) / 2 + j] += y * x[j];
    }
  }
  const Float8 first[8] = {sum[0], sum[1], sum[2], sum[3], sum[4], sum[5], sum[6], sum[7]};
  out[0] = sums8(first);
  if (kPairs > 8) {
    const Float8 second[8] = {sum[8], sum[9]};
    out[kTogether] = sums8(second);
  }
}

/// K = V D^-1 V^T of eight rows, lane by lane, lower triangle: k [n, n].
LATENT_INLINE void lane_products(const float* const* sources, const float* const* inverse,
                                 int lanes, int n, int stride, IalsScratch& scratch, Float8* k) {
  auto* const parts = reinterpret_cast<Float8*>(scratch.products.data());  // [blocks, lanes]
  std::vector<IalsBlock>& blocks = scratch.blocks;
  blocks.clear();
  for (int l = 0; l < lanes; ++l) {
    const float* const* const v = sources + int64_t{l} * n;
    switch (n) {
      case 1: products_of<1>(v, inverse[l], stride, parts + l); break;
      case 2: products_of<2>(v, inverse[l], stride, parts + l); break;
      case 3: products_of<3>(v, inverse[l], stride, parts + l); break;
      case 4: products_of<4>(v, inverse[l], stride, parts + l); break;
      default:
        for (int i = 0; i < n; ++i)
          scale_row(v[i], inverse[l], stride, scratch.scaled.data() + int64_t{i} * stride);
        lower_products(scratch.scaled.data(), v, n, stride,
                       [&](int i, int j, int width, const Float8& sums, int block) {
                         parts[block * kTogether + l] = sums;
                         if (l == 0) blocks.push_back({i, j, width});
                       });
    }
  }
  const auto turned = [&](int64_t block, Float8(&out)[8]) {
    for (int l = 0; l < kTogether; ++l) out[l] = l < lanes ? parts[block * kTogether + l] : Float8{};
    transpose8(out);
  };
  Float8 pairs[8];
  if (n <= 4) {
    for (int i = 0, p = 0; i < n; ++i) {
      for (int j = 0; j <= i; ++j, ++p) {
        if (p % 8 == 0) turned(p / 8, pairs);
        k[i * n + j] = pairs[p % 8];
      }
    }
  }
  for (size_t b = 0; b < blocks.size(); ++b) {
    turned(static_cast<int64_t>(b), pairs);
    const auto [first, j, width] = blocks[b];
    for (int p = 0; p < 8; ++p) {
      const int i = first + p / width, column = j + p % width;
      if (i < n && column <= i) k[i * n + column] = pairs[p];
    }
  }
}

/// Form ials: (I + K) y = 1, whose sum is the objective.
LATENT_INLINE Float8 solve_ones(const IalsRow* rows, int lanes, int n, Float8* k, Float8* y) {
  for (int i = 0; i < n; ++i) {
    k[i * n + i] += 1.0f;
    y[i] = Float8{} + 1.0f;
  }
  factorise(k, n);
  solve_triangles(k, n, y);
  Float8 objective = {};
  for (int i = 0; i < n; ++i) {
    for (int l = 0; l < lanes; ++l) {
      if (i < rows[l].count) objective[l] += y[i][l];
    }
  }
  return objective;
}

/// Form implicit. With y = c + S^1/2 t: (I + S^1/2 K S^1/2) t = -S^1/2 K c, which divides by no
/// c - 1. `room` [3 n].
LATENT_INLINE Float8 solve_weighted(const IalsShared& shared, const IalsRow* rows, int lanes, int n,
                                    Float8* k, Float8* y, Float8* room) {
  Float8* const q = room;           // [n] sqrt(c - 1)
  Float8* const c = q + n;          // [n] c p
  Float8* const scores = c + n;     // [n] K y: the pairs' scores
  Float8* const full = k + n * n;   // K as it was, both triangles read from the lower one
  Float8 objective = {};
  for (int i = 0; i < n; ++i) {
    q[i] = c[i] = Float8{};
    for (int l = 0; l < lanes; ++l) {
      if (i >= rows[l].count) continue;
      const IalsConfidence own = confidence_of(shared, rows[l], i);
      q[i][l] = own.extra;
      c[i][l] = own.right;
      objective[l] += own.constant;
    }
    q[i] = sqrt8(q[i]);
  }
  std::copy(k, k + n * n, full);
  const auto times = [&](const Float8* x, Float8* out) {
    for (int i = 0; i < n; ++i) {
      Float8 s = {};
      for (int j = 0; j < n; ++j) s += full[i >= j ? i * n + j : j * n + i] * x[j];
      out[i] = s;
    }
  };
  times(c, scores);
  for (int i = 0; i < n; ++i) {
    y[i] = -q[i] * scores[i];
    for (int j = 0; j <= i; ++j) k[i * n + j] *= q[i] * q[j];
    k[i * n + i] += 1.0f;
  }
  factorise(k, n);
  solve_triangles(k, n, y);
  for (int i = 0; i < n; ++i) y[i] = c[i] + q[i] * y[i];
  times(y, scores);
  for (int i = 0; i < n; ++i) objective -= c[i] * scores[i];
  return objective;
}

/// Everything of solve_few(): the memory is laid out by it.
LATENT_INLINE void few(const IalsShared& shared, const IalsRow* rows, int lanes, int n,
                       IalsScratch& scratch) {
  const int stride = shared.stride;
  const float* inverse[kTogether];
  for (int l = 0; l < lanes; ++l) {
    if (l > 0 && rows[l].penalty == rows[l - 1].penalty) {
      inverse[l] = inverse[l - 1];
    } else {
      float* const own = scratch.inverse.data() + int64_t{l} * stride;
      invert(shared.values, rows[l].penalty, stride, own);
      inverse[l] = own;
    }
  }
  auto* const k = reinterpret_cast<Float8*>(scratch.matrix.data());
  auto* const y = reinterpret_cast<Float8*>(scratch.vectors.data());  // [n], and 3 n more
  lane_products(scratch.sources.data(), inverse, lanes, n, stride, scratch, k);
  const Float8 objective = rows[0].weights == nullptr
                               ? solve_ones(rows, lanes, n, k, y)
                               : solve_weighted(shared, rows, lanes, n, k, y, y + n);
  float* const own_y = scratch.gathered.data() + stride;  // [n], beyond the row of zeros
  for (int l = 0; l < lanes; ++l) {
    for (int i = 0; i < n; ++i) own_y[i] = scratch.vectors[int64_t{i} * kTogether + l];
    combine(scratch.sources.data() + int64_t{l} * n, own_y, n, inverse[l], stride, rows[l].out);
    *rows[l].objective = objective[l];
  }
}

}  // namespace

void solve_few(const IalsShared& shared, const IalsRow* rows, int lanes, IalsScratch& scratch) {
  int n = 0;
  for (int l = 0; l < lanes; ++l) n = std::max(n, rows[l].count);
  const int64_t stride = shared.stride;
  const auto room = [](Table<float>& t, int64_t vectors) {
    if (static_cast<int64_t>(t.size()) < vectors * kTogether) t.resize(vectors * kTogether);
  };
  room(scratch.inverse, stride);
  room(scratch.scaled, n * stride / kTogether);
  room(scratch.products, int64_t{n} * n + 8 * n + 16);
  room(scratch.matrix, 2 * int64_t{n} * n);
  room(scratch.vectors, 4 * n);
  room(scratch.gathered, stride + n);
  std::fill_n(scratch.gathered.begin(), stride, 0.0f);  // stands in for pairs that a lane lacks
  scratch.sources.resize(kTogether * std::max<size_t>(n, 4));
  for (int l = 0; l < lanes; ++l) {
    for (int i = 0; i < n; ++i) {
      scratch.sources[int64_t{l} * n + i] = i < rows[l].count
                                                ? shared.fixed + rows[l].columns[i] * stride
                                                : scratch.gathered.data();
    }
  }
  kernel<few>()(shared, rows, lanes, n, scratch);
}

}  // namespace latent
