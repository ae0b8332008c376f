// The module latent._native: NativeModel for Python. Arrays of the model are lent, not copied; work
// is done without the interpreter's lock.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <utility>

#include "python/native_arrays.h"
#include "python/native_ids.h"
#include "src/base/error.h"

namespace latent {

using namespace nb::literals;

namespace {

/// A list of ids, each the text of its index; None for an index below 0.
nb::list texts(const IdTable& ids, const Indices& indices) {
  nb::list out;
  for (const int32_t n : span_of(indices)) {
    if (n >= ids.size()) throw UnknownId("no id has the index " + std::to_string(n));
    if (n < 0)
      out.append(nb::none());
    else
      out.append(text_of(ids[n]));
  }
  return out;
}

auto found(const IdTable& ids, const std::vector<std::string>& names) {
  std::vector<int32_t> out;
  for (const std::string& name : names) out.push_back(ids.find(name));
  const size_t count = out.size();
  return given(std::move(out), count);
}

nb::dlpack::dtype dtype_of(ValueType type) {
  switch (type) {
    case ValueType::kFloat32:
      return nb::dtype<float>();
    case ValueType::kFloat64:
      return nb::dtype<double>();
    case ValueType::kInt32:
      return nb::dtype<int32_t>();
    case ValueType::kInt64:
      return nb::dtype<int64_t>();
    default:
      return nb::dtype<uint8_t>();
  }
}

/// An array of the file where it lies, once it is checked: read-only, and keeps `self` alive.
nb::ndarray<nb::numpy, nb::ro> lent(const NativeModel& self, const std::string& name) {
  const auto& arrays = self.served().arrays();
  const auto at = arrays.find(name);
  if (at == arrays.end()) throw nb::key_error(name.c_str());
  const StoredArray& array = at->second;
  unlocked([&] {
    array.check_all();
    return 0;
  });
  const std::vector<size_t> shape(array.shape().begin(), array.shape().end());
  return {array.bytes().data(), shape.size(), shape.data(),
          nb::find(&self),      nullptr,      dtype_of(array.type())};
}

/// C++'s exceptions as classes of latent._errors.
void translate(const std::exception_ptr& error, void*) {
  const auto raise = [](const char* name, const std::exception& e) {
    const nb::object type = nb::module_::import_("latent._errors").attr(name);
    PyErr_SetObject(type.ptr(), text_of(e.what()).ptr());
  };
  try {
    std::rethrow_exception(error);
  } catch (const UnknownId& e) {
    raise("UnknownIdError", e);
  } catch (const Error& e) {
    raise("ModelError", e);
  }
}

void define_lists(nb::class_<NativeModel>& model) {
  model
      .def(
          "recommend",
          [](const NativeModel& self, const Indices& users, int64_t k, bool exclude_seen,
             const std::optional<Mask>& allowed, int threads) {
            return given(unlocked([&] {
              return self.recommend(span_of(users), rules_of(k, exclude_seen, allowed, threads));
            }));
          },
          "users"_a, "k"_a, "exclude_seen"_a, "allowed"_a.none(), "threads"_a)
      .def(
          "popular",
          [](const NativeModel& self, nb::str user, int64_t k, bool exclude_seen,
             const std::optional<Mask>& allowed) {
            const std::string id = id_of(user);
            return given(
                unlocked([&] { return self.popular(id, rules_of(k, exclude_seen, allowed, 0)); }));
          },
          "user"_a, "k"_a, "exclude_seen"_a, "allowed"_a.none())
      .def(
          "rank",
          [](const NativeModel& self, const Indices& users, const Indices& items) {
            return given(unlocked([&] { return self.rank(span_of(users), span_of(items)); }));
          },
          "users"_a, "items"_a)
      .def(
          "similar_items",
          [](const NativeModel& self, const Indices& items, int64_t k) {
            return given(unlocked([&] { return self.similar(span_of(items), k, true); }));
          },
          "items"_a, "k"_a)
      .def(
          "similar_users",
          [](const NativeModel& self, const Indices& users, int64_t k) {
            return given(unlocked([&] { return self.similar(span_of(users), k, false); }));
          },
          "users"_a, "k"_a)
      .def(
          "predict",
          [](const NativeModel& self, const Indices& users, const Indices& items) {
            if (users.size() != items.size()) throw nb::value_error("not as many users as items");
            return given(unlocked([&] { return self.predict(span_of(users), span_of(items)); }),
                         users.size());
          },
          "users"_a, "items"_a)
      .def(
          "predict_sd",
          [](const NativeModel& self, const Indices& users, const Indices& items) {
            if (users.size() != items.size()) throw nb::value_error("not as many users as items");
            return given(unlocked([&] { return self.predict_sd(span_of(users), span_of(items)); }),
                         users.size());
          },
          "users"_a, "items"_a);
}

void define_ids(nb::class_<NativeModel>& model) {
  model
      .def("user_ids",
           [](const NativeModel& self, const Indices& indices) {
             return texts(self.served().user_ids(), indices);
           })
      .def("item_ids",
           [](const NativeModel& self, const Indices& indices) {
             return texts(self.served().item_ids(), indices);
           })
      .def("find_users",
           [](const NativeModel& self, nb::handle ids) {
             return found(self.served().user_ids(), ids_of(ids));
           })
      .def("find_items",
           [](const NativeModel& self, nb::handle ids) {
             return found(self.served().item_ids(), ids_of(ids));
           })
      .def("unknown_user",
           [](const NativeModel& self, nb::str id) {
             return text_of(self.served().path() + ": " + self.served().unknown_user(id_of(id)));
           })
      .def("unknown_item",
           [](const NativeModel& self, nb::str id) {
             return text_of(self.served().path() + ": " + self.served().unknown_item(id_of(id)));
           })
      .def("title", [](const NativeModel& self, nb::str item) {
        return text_of(self.served().title(id_of(item)));
      });
}

void define_facts(nb::class_<NativeModel>& model) {
  model.def_prop_ro("users", [](const NativeModel& m) { return m.served().user_ids().size(); })
      .def_prop_ro("items", [](const NativeModel& m) { return m.served().item_ids().size(); })
      .def_prop_ro("factors", [](const NativeModel& m) { return m.served().factors(); })
      .def_prop_ro("kind", [](const NativeModel& m) { return m.served().kind(); })
      .def_prop_ro("metadata", [](const NativeModel& m) { return m.served().metadata(); })
      .def_prop_ro("arrays",
                   [](const NativeModel& m) {
                     nb::list names;
                     for (const auto& entry : m.served().arrays()) names.append(entry.first);
                     return names;
                   })
      .def("array", &lent, "name"_a);
}

}  // namespace

NB_MODULE(_native, module) {
  nb::register_exception_translator(translate);
  nb::class_<NativeModel> model(module, "NativeModel");
  model.def(
      "__init__",
      [](NativeModel* self, const std::string& path, bool map) {
        const nb::gil_scoped_release release;
        new (self) NativeModel(path, map);
      },
      "path"_a, "map"_a);
  define_facts(model);
  define_ids(model);
  define_lists(model);
  define_fold_in(model);
}

}  // namespace latent
