// Side files: titles, lists of ids, and the order of ids.
#include "src/base/error.h"
#include "src/data/id_order.h"
#include "src/data/titles.h"
#include "tests/fuzz/scratch_file.h"
#include "tests/fuzz/targets.h"

namespace latent::fuzz {

namespace {

const ScratchFile& scratch() {
  static const ScratchFile kFile;
  return kFile;
}

IdMap some_items() {
  IdMap out;
  for (const char* id : {"1", "2", "3", "0345453743", "tt0111161", "x,y", "b\"q", "é"})
    out.add(id);
  return out;
}

}  // namespace

std::string read_titles(std::string_view bytes) {
  static const IdMap kItems = some_items();
  TitleOptions options;
  options.path = scratch().write(bytes);
  const auto choice = bytes.empty() ? '\n' : bytes.back();
  if (choice != '\n') {
    if (choice & 1) options.encoding = "latin-1";
    if (choice & 2) options.id = choice & 4 ? "0" : "item_id";
    if (choice & 8) options.title = choice & 4 ? "1" : "name";
    if (choice & 16) options.separator = choice & 4 ? "|" : ",";
  }
  const Titles titles = load_titles(options, kItems);
  std::string out = titles.id_column + " " + std::to_string(titles.matched) + "\n";
  for (const std::string& title : titles.of_item) out += title + "\n";
  return out;
}

std::string read_ids(std::string_view bytes) {
  Dataset data;
  data.users = some_items();
  data.items = some_items();
  for (int32_t n = 0; n < data.users.size(); ++n) data.rows.push(n, data.items.size() - 1 - n, 1);
  take_id_order(data, scratch().write(bytes));
  std::string out;
  for (const IdMap* ids : {&data.users, &data.items}) {
    for (const std::string& name : ids->names()) out += name + "\n";
  }
  for (int64_t n = 0; n < data.rows.size(); ++n) {
    // Numbers change, what they mean does not.
    const std::string user(data.users.name(data.rows.user[n]));
    const std::string item(data.items.name(data.rows.item[n]));
    static const IdMap kBefore = some_items();
    if (kBefore.find(user) + kBefore.find(item) != kBefore.size() - 1)
      throw Finding("a row has another user or item");
  }
  return out;
}

}  // namespace latent::fuzz
