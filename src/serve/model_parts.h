// What a model file holds, as tables, ids and histories that answers are made of. Checked as they
// are used: see ModelFile and StoredArray.
#pragma once

#include <deque>
#include <span>
#include <string>

#include "src/score/factor_view.h"
#include "src/score/id_table.h"
#include "src/score/user_items.h"
#include "src/serve/model_file.h"

namespace latent {

/// Ids, row counts and the starts of histories are checked when it is made; need() goes before any
/// use of a table, history() before that of a history. All of them throw Error for a damaged file.
struct ModelParts {
  ModelParts(const std::string& path, Hold hold);

  /// Values [from, from + count) of a table are used next.
  void need(const char* name, int64_t from, int64_t count) const;
  void need_all(const char* name) const;
  void need_user(int32_t u) const;
  void need_item(int32_t i) const;
  /// The items of row `u` of the histories "seen" or "strangers", once they are known to be items
  /// of this model in ascending order.
  std::span<const int32_t> history(const char* name, const UserItemsView& of, int32_t u) const;

  ModelFile file;
  IdTable users, items, titles, strangers;
  UserItemsView seen, strangers_seen;
  std::span<const int32_t> user_rows, item_rows;  ///< empty: nothing is said
  FactorView view;

 private:
  /// The arrays of `table`, or the strings that the list of an older file holds.
  IdTable ids(const std::string& table, const char* list, bool searchable);
  UserItemsView histories(const std::string& name, int32_t users) const;
  std::span<const int32_t> row_counts(const char* name, int32_t size) const;
  const float* table(const char* name, int64_t values) const;
  void read_tables();

  std::deque<OwnedIds> owned_;  ///< what tables of ids refer to, where no file is
};

}  // namespace latent
