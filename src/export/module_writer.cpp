#include "src/export/module_writer.h"

#include <torch/csrc/jit/serialization/export.h>

#include <exception>
#include <future>
#include <set>
#include <span>
#include <stdexcept>
#include <utility>

#include "src/base/file.h"

namespace latent {

namespace {

ValueType type_of(const torch::Tensor& t) {
  switch (t.scalar_type()) {
    case torch::kFloat: return ValueType::kFloat32;
    case torch::kInt: return ValueType::kInt32;
    case torch::kLong: return ValueType::kInt64;
    case torch::kByte: return ValueType::kUint8;
    default: throw std::logic_error("a model holds values of another type");
  }
}

/// Writes to `file` in order, tables in another thread while the next one is summed.
class WritesBehind {
 public:
  WritesBehind(AtomicFile& file, std::set<const void*> tables)
      : file_(file), tables_(std::move(tables)) {}

  void write(const void* data, size_t bytes) {
    constexpr size_t kSmall = 1 << 12;
    if (tables_.contains(data)) {
      finish();
      pending_ = std::async(std::launch::async, [this, data, bytes] { file_.write(data, bytes); });
    } else if (pending_.valid() && bytes <= kSmall) {
      next_.append(static_cast<const char*>(data), bytes);
    } else {
      finish();
      file_.write(data, bytes);
    }
  }
  void finish() {
    if (pending_.valid()) pending_.get();
    file_.write(std::exchange(next_, {}));
  }

 private:
  AtomicFile& file_;
  std::set<const void*> tables_;  ///< they stay where they are until the end
  std::string next_;              ///< comes after what is pending
  std::future<void> pending_;     // last: it ends before the others do
};

std::set<const void*> tables_of(const torch::jit::Module& module) {
  std::set<const void*> out;
  for (const c10::IValue& value : module.attributes()) {
    if (value.isTensor()) out.insert(value.toTensor().const_data_ptr());
    if (!value.isTuple()) continue;
    for (const c10::IValue& part : value.toTupleRef().elements())
      out.insert(part.toTensor().const_data_ptr());
  }
  return out;
}

}  // namespace

std::vector<NamedArray> arrays_of(const torch::jit::Module& module) {
  std::vector<NamedArray> out;
  const auto add = [&](const std::string& name, const torch::Tensor& t) {
    const std::span bytes(static_cast<const char*>(t.const_data_ptr()), t.nbytes());
    out.push_back({name,
                   {"data/" + std::to_string(out.size()), type_of(t), t.sizes().vec(),
                    block_checksums(bytes)},
                   bytes});
  };
  const auto object = module._ivalue();
  for (size_t n = 0; n < object->type()->numAttributes(); ++n) {
    const c10::IValue& value = object->getSlot(n);
    const std::string& name = object->type()->getAttributeName(n);
    if (value.isTensor()) add(name, value.toTensor());
    if (!value.isTuple()) continue;
    static constexpr const char* kParts[] = {".text", ".start", ".slots"};
    const auto& parts = value.toTupleRef().elements();
    for (size_t part = 0; part < parts.size(); ++part)
      add(name + kParts[part], parts[part].toTensor());
  }
  return out;
}

void write_module(const torch::jit::Module& module, const std::string& path,
                  const std::string& metadata) {
  AtomicFile file(path);
  WritesBehind writer(file, tables_of(module));
  std::exception_ptr failure;
  // The zip writer in between takes no failure: it would throw once more from its destructor. So it
  // runs to its end, into nothing.
  const auto put = [&](const void* data, size_t bytes) -> size_t {
    try {
      if (!failure) writer.write(data, bytes);
    } catch (...) {
      failure = std::current_exception();
    }
    return bytes;
  };
  torch::jit::ExportModule(module, put, {{"latent.json", metadata}});
  if (failure) std::rethrow_exception(failure);
  writer.finish();
  file.commit(/*flush=*/false);  // its run can write it again, and a short one does not load
}

}  // namespace latent
