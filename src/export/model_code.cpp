#include "src/export/model_code.h"

#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>
#include <vector>

#include "src/base/error.h"
#include "src/export/torchscript.h"
#include "src/formats/zip.h"

namespace latent {

namespace {

/// A file in memory that has a name for as long as it lives.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("model", 0)) {
    if (descriptor_ < 0) throw errno_error("memory", "cannot make a file there");
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace

std::string model_code(const ModuleParts& parts, bool listed) {
  // One user and one item, or one user more than is listed: the code is the same for any number.
  const int32_t users = listed ? 1 : kListedIds + 1;
  IdMap user_ids, item_ids, nobody;
  for (int32_t n = 0; n < users; ++n) user_ids.add(std::to_string(n));
  item_ids.add("0");
  const UserItems seen({}, {}, users), nothing({}, {}, 0);
  const std::vector<int32_t> user_rows(static_cast<size_t>(users), 1), item_rows = {1};
  const std::vector<std::string> titles(parts.titles ? 1 : 0, "title");
  const auto table = [](bool there, int64_t rows) {
    return there ? torch::zeros({rows, 1}) : torch::Tensor();
  };
  ExportSpec spec;
  spec.model_name = "model";
  spec.tables = {parts.alpha ? torch::zeros({1}) : torch::Tensor(), table(parts.beta_user, users),
                 table(parts.beta_item, 1), table(parts.factors, users), table(parts.factors, 1)};
  spec.users = &user_ids;
  spec.items = &item_ids;
  spec.seen = &seen;
  spec.strangers = &nobody;
  spec.strangers_seen = &nothing;
  spec.user_rows = user_rows;
  spec.item_rows = item_rows;
  spec.titles = &titles;
  if (parts.clips) spec.lowest = 0, spec.highest = 1;
  if (parts.has_default) spec.default_prediction = 0;
  spec.bias_is_a_factor = parts.bias_is_a_factor;
  if (parts.draws)
    spec.draws = {torch::zeros({users, 1}), torch::zeros({1, 1}), torch::zeros({1})};
  const MemoryFile file;
  export_torchscript(file.path(), spec);
  const ZipReader zip(InputFile(file.path()), "a zip archive");
  for (const ZipEntry& entry : zip.entries()) {
    if (!entry.name.ends_with("/code/__torch__.py")) continue;
    std::string text;
    zip.read(entry, [&](const void* data, size_t n) {
      text.append(static_cast<const char*>(data), n);
    });
    return text;
  }
  throw std::logic_error("a model without code");
}

}  // namespace latent
