// The installed library's class, on top of ServedModel.
#include <new>
#include <utility>

#include "src/base/error.h"
#include "src/serve/include/latent/serve.h"
#include "src/serve/served_model.h"

namespace latent::serve {

namespace {

/// fn(), with what it throws turned into the library's own exception.
template <typename Fn>
auto answered(const Fn& fn) {
  try {
    return fn();
  } catch (const latent::Error& e) {
    throw Error(e.what());
  }
}

std::vector<Scored> converted(ScoredIds&& list) {
  std::vector<Scored> out;
  out.reserve(list.size());
  for (auto& [id, score] : list) out.push_back({std::move(id), score});
  return out;
}

Known converted(ServedModel::Known known) {
  switch (known) {
    case ServedModel::Known::kYes: return Known::kYes;
    case ServedModel::Known::kUntrained: return Known::kUntrained;
    default: return Known::kNo;
  }
}

}  // namespace

struct Model::Impl {
  ServedModel model;

  /// [I], or empty: all.
  std::vector<char> allowed(const Options& options) const {
    if (options.exclude.empty() && options.only.empty()) return {};
    std::vector<char> out(static_cast<size_t>(model.item_ids().size()), options.only.empty());
    const auto set = [&](const std::vector<std::string>& items, bool value) {
      for (const std::string& item : items) {
        if (const int32_t index = model.find_item(item); index >= 0) out[index] = value;
      }
    };
    set(options.only, true);
    set(options.exclude, false);
    return out;
  }
};

Model::Model(const std::string& path, bool map)
    : impl_(answered([&] {
        return std::unique_ptr<Impl>(
            new Impl{ServedModel(path, map ? Hold::kMapped : Hold::kCopied)});
      })) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

int64_t Model::users() const { return impl_->model.user_ids().size(); }
int64_t Model::items() const { return impl_->model.item_ids().size(); }
int64_t Model::factors() const { return impl_->model.factors(); }
std::string Model::kind() const { return impl_->model.kind(); }
const std::string& Model::metadata() const { return impl_->model.metadata(); }

Known Model::knows_user(std::string_view user) const {
  return converted(impl_->model.knows_user(user));
}
Known Model::knows_item(std::string_view item) const {
  return converted(impl_->model.knows_item(item));
}

std::string_view Model::user_id(int64_t index) const {
  if (index < 0 || index >= users()) throw Error("no user has the index " + std::to_string(index));
  return impl_->model.user_ids()[static_cast<int32_t>(index)];
}
std::string_view Model::item_id(int64_t index) const {
  if (index < 0 || index >= items()) throw Error("no item has the index " + std::to_string(index));
  return impl_->model.item_ids()[static_cast<int32_t>(index)];
}
std::string_view Model::title(std::string_view item) const { return impl_->model.title(item); }

double Model::predict(const std::string& user, const std::string& item) const {
  return answered([&] { return impl_->model.predict(user, item); });
}

std::vector<Scored> Model::recommend(const std::string& user, int64_t k,
                                     const Options& options) const {
  return answered([&] {
    return converted(impl_->model.recommend(user, k, options.exclude_seen,
                                            impl_->allowed(options)));
  });
}

std::vector<std::vector<Scored>> Model::recommend(const std::vector<std::string>& users, int64_t k,
                                                  const Options& options, int threads) const {
  return answered([&] {
    auto lists = impl_->model.recommend(users, k, options.exclude_seen, impl_->allowed(options),
                                        threads);
    std::vector<std::vector<Scored>> out;
    for (ScoredIds& list : lists) out.push_back(converted(std::move(list)));
    return out;
  });
}

std::vector<Scored> Model::popular(const std::string& user, int64_t k,
                                   const Options& options) const {
  return answered([&] {
    return converted(
        impl_->model.popular(user, k, options.exclude_seen, impl_->allowed(options)));
  });
}

std::vector<Scored> Model::similar_items(const std::string& item, int64_t k) const {
  return answered([&] { return converted(impl_->model.similar_items(item, k)); });
}
std::vector<Scored> Model::similar_users(const std::string& user, int64_t k) const {
  return answered([&] { return converted(impl_->model.similar_users(user, k)); });
}

std::vector<Scored> Model::rank(const std::string& user,
                                const std::vector<std::string>& items) const {
  return answered([&] { return converted(impl_->model.rank_items(user, items)); });
}

}  // namespace latent::serve
