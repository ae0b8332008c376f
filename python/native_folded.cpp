// Methods of latent._native for users made of histories.
#include <nanobind/stl/optional.h>

#include "python/native_arrays.h"

namespace latent {

using namespace nb::literals;

namespace {

template <typename T, int N>
using Array = nb::ndarray<const T, nb::ndim<N>, nb::c_contig, nb::device::cpu>;
using Starts = Array<int64_t, 1>;

Histories histories_of(const Indices& items, std::span<const double> ratings, const Starts& start) {
  const Histories out{span_of(items), ratings, {start.data(), start.size()}};
  int64_t at = 0;
  for (const int64_t next : out.start) {
    if (next < at || next > std::ssize(out.items)) throw nb::value_error("starts out of order");
    at = next;
  }
  return out;
}

/// The ratings of as many items.
std::span<const double> ratings_of(const Array<double, 1>& ratings, const Indices& items) {
  if (ratings.size() != items.size()) throw nb::value_error("not as many ratings as items");
  return {ratings.data(), ratings.size()};
}

std::vector<FoldedUser> users_of(const Array<float, 2>& factors, const Array<float, 1>& bias,
                                 const Indices& items, const Starts& start) {
  const Histories had = histories_of(items, {}, start);
  if (bias.size() != factors.shape(0) || had.size() != bias.size())
    throw nb::value_error("parts of other numbers of users");
  const size_t count = factors.shape(1);
  std::vector<FoldedUser> out;
  for (size_t n = 0; n < bias.size(); ++n) {
    const float* const row = factors.data() + n * count;
    out.push_back({{row, row + count},
                   bias.data()[n],
                   {had.items.begin() + had.start[n], had.items.begin() + had.start[n + 1]}});
  }
  return out;
}

nb::tuple given(const NativeModel& self, const Explanation& why) {
  std::vector<int32_t> items;
  std::vector<double> values;
  for (const auto& [id, value] : why.items) {
    items.push_back(self.served().find_item(id));
    values.push_back(value);
  }
  const size_t count = items.size();
  return nb::make_tuple(why.score, why.rest, latent::given(std::move(items), count),
                        latent::given(std::move(values), count));
}

}  // namespace

void define_fold_in(nb::class_<NativeModel>& model) {
  model
      .def(
          "fold_in",
          [](const NativeModel& self, const Indices& items, const Array<double, 1>& ratings,
             const Starts& start) {
            const Histories histories = histories_of(items, ratings_of(ratings, items), start);
            FoldedUsers users = unlocked([&] { return self.fold_in(histories); });
            const auto factors = static_cast<size_t>(self.served().factors());
            return nb::make_tuple(
                latent::given(std::move(users.factors), histories.size(), factors),
                latent::given(std::move(users.bias), histories.size()));
          },
          "items"_a, "ratings"_a, "start"_a)
      .def(
          "recommend_folded",
          [](const NativeModel& self, const Array<float, 2>& factors, const Array<float, 1>& bias,
             const Indices& had, const Starts& start, int64_t k, bool exclude_seen,
             const std::optional<Mask>& allowed, int threads) {
            const auto users = users_of(factors, bias, had, start);
            return latent::given(unlocked([&] {
              return self.recommend(users, rules_of(k, exclude_seen, allowed, threads));
            }));
          },
          "factors"_a, "bias"_a, "had"_a, "start"_a, "k"_a, "exclude_seen"_a, "allowed"_a.none(),
          "threads"_a)
      .def(
          "rank_folded",
          [](const NativeModel& self, const Array<float, 2>& factors, const Array<float, 1>& bias,
             const Indices& had, const Starts& start, const Indices& items) {
            const auto users = users_of(factors, bias, had, start);
            return latent::given(unlocked([&] { return self.rank(users, span_of(items)); }));
          },
          "factors"_a, "bias"_a, "had"_a, "start"_a, "items"_a)
      .def(
          "predict_folded",
          [](const NativeModel& self, const Array<float, 2>& factors, const Array<float, 1>& bias,
             const Indices& had, const Starts& start, const Indices& items) {
            const auto users = users_of(factors, bias, had, start);
            if (users.size() != items.size()) throw nb::value_error("not as many users as items");
            return latent::given(unlocked([&] { return self.predict(users, span_of(items)); }),
                                 users.size());
          },
          "factors"_a, "bias"_a, "had"_a, "start"_a, "items"_a)
      .def(
          "explain",
          [](const NativeModel& self, int32_t user, int32_t item) {
            return given(self, unlocked([&] { return self.explain(user, item); }));
          },
          "user"_a, "item"_a)
      .def(
          "explain_history",
          [](const NativeModel& self, const Indices& items, const Array<double, 1>& ratings,
             int32_t item) {
            const int64_t whole[] = {0, static_cast<int64_t>(items.size())};
            const Histories history{span_of(items), ratings_of(ratings, items), whole};
            return given(self, unlocked([&] { return self.explain(history, item); }));
          },
          "items"_a, "ratings"_a, "item"_a);
}

}  // namespace latent
