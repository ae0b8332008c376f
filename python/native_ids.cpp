#include "python/native_ids.h"

namespace latent {

namespace nb = nanobind;

std::string id_of(nb::handle text) {
  if (!PyUnicode_Check(text.ptr()))
    throw nb::type_error("an id is a str; indices go in a NumPy array of integers");
  Py_ssize_t size = 0;
  if (const char* const utf8 = PyUnicode_AsUTF8AndSize(text.ptr(), &size); utf8 != nullptr)
    return {utf8, static_cast<size_t>(size)};
  PyErr_Clear();
  const nb::object bytes =
      nb::steal(PyUnicode_AsEncodedString(text.ptr(), "utf-8", "surrogateescape"));
  if (!bytes.is_valid()) throw nb::python_error();
  return {PyBytes_AS_STRING(bytes.ptr()), static_cast<size_t>(PyBytes_GET_SIZE(bytes.ptr()))};
}

std::vector<std::string> ids_of(nb::handle sequence) {
  std::vector<std::string> out;
  for (const nb::handle text : nb::iter(sequence)) out.push_back(id_of(text));
  return out;
}

nb::str text_of(std::string_view id) {
  PyObject* const text =
      PyUnicode_DecodeUTF8(id.data(), static_cast<Py_ssize_t>(id.size()), "surrogateescape");
  if (text == nullptr) throw nb::python_error();
  return nb::steal<nb::str>(text);
}

}  // namespace latent
