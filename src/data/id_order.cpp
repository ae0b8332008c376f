#include "src/data/id_order.h"

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "src/base/error.h"
#include "src/base/text_writer.h"
#include "src/data/line_reader.h"
#include "src/data/row.h"
#include "src/data/splitter.h"

namespace latent {

namespace {

/// Users and items in the order of a file.
struct IdOrder {
  IdMap users, items;
};

class OrderReader {
 public:
  explicit OrderReader(const std::string& path) : path_(path), reader_(path), splitter_(",") {}

  IdOrder read() {
    IdOrder out;
    if (!next() || fields_.size() != 2 || fields_[0] != "role" || fields_[1] != "id")
      fail("expected the header role,id");
    while (next()) {
      const bool user = fields_[0] == "user";
      if (fields_.size() != 2 || (!user && fields_[0] != "item"))
        fail("expected user,ID or item,ID");
      IdMap& ids = user ? out.users : out.items;
      const int32_t before = ids.size();
      if (ids.add(fields_[1]) != before)
        fail(std::string(fields_[0]) + " " + in_quotes(std::string(fields_[1])) + " stands twice");
    }
    return out;
  }

 private:
  /// The next record into fields_; false at the end of the file.
  bool next() {
    std::string_view line;
    do {
      if (!reader_.next(line)) return false;
    } while (line.empty());
    try {
      if (splitter_.split(line, fields_)) return true;
      using Grown = Splitter::Grown;
      record_ = {.text = std::string(line)};
      Grown grown = Grown::kOpen;
      while (grown == Grown::kOpen && reader_.next(line))
        grown = splitter_.grow(record_, line, fields_);
      if (grown == Grown::kWhole) return true;
    } catch (const RowError& e) {
      fail(e.what());
    }
    fail("a quoted field never ends");
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(path_ + ":" + std::to_string(reader_.line_number()) + ": " + what +
                "; data.ids_path takes the ids.csv that latent split writes");
  }

  std::string path_;
  LineReader reader_;
  Splitter splitter_;
  Splitter::LongRecord record_;
  std::vector<std::string_view> fields_;
};

/// Gives `ids` the order of `order`, and returns the new number of each.
std::vector<int32_t> renumber(IdMap& ids, const IdMap& order) {
  std::vector<int32_t> number(ids.size(), -1);
  IdMap out;
  for (int32_t n = 0; n < order.size(); ++n) {
    const int32_t old = ids.find(order.name(n));
    if (old >= 0) number[old] = out.add(order.name(n));
  }
  for (int32_t n = 0; n < ids.size(); ++n) {
    if (number[n] < 0) number[n] = out.add(ids.name(n));
  }
  ids = std::move(out);
  return number;
}

void renumber_all(const std::vector<int32_t>& number, std::span<int32_t> column) {
  for (int32_t& id : column) id = number[id];
}

}  // namespace

void write_id_order(const std::string& path, const IdMap& users, const IdMap& items) {
  TextWriter out(path);
  out.write("role,id\n");
  for (const bool user : {true, false}) {
    const IdMap& ids = user ? users : items;
    for (int32_t n = 0; n < ids.size(); ++n)
      out.write((user ? "user," : "item,") + csv_field(ids.name(n)) + "\n");
  }
  out.commit();
}

void take_id_order(Dataset& data, const std::string& path) {
  const IdOrder order = OrderReader(path).read();
  const std::vector<int32_t> user = renumber(data.users, order.users),
                             item = renumber(data.items, order.items);
  data.rows.prepare_to_change();
  renumber_all(user, data.rows.user);
  renumber_all(user, data.left_out.user);
  renumber_all(item, data.rows.item);
  renumber_all(item, data.left_out.item);
  renumber_all(item, data.strangers.pairs.item);
}

}  // namespace latent
