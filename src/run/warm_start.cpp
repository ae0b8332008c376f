#include "src/run/warm_start.h"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <vector>

#include "src/base/json_text.h"
#include "src/base/log.h"

namespace latent {

namespace {

using nlohmann::json;

uint64_t fnv1a(std::string_view text, uint64_t hash) {
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211u;
  return hash;
}

constexpr const char* kNotKnown =
    ": does not say which rows it was trained on; figures of the test part are honest only if it "
    "saw none of them";

}  // namespace

std::string test_pairs(const SplitDataset& data) {
  const Interactions& rows = data.parts.test;
  uint64_t sum = 0;
  for (int64_t n = 0; n < rows.size(); ++n) {
    const uint64_t user = fnv1a(data.users.name(rows.user[n]), 14695981039346656037u);
    // A byte between them that no UTF-8 has.
    sum += fnv1a(data.items.name(rows.item[n]), fnv1a("\xFF", user));
  }
  char text[24];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(sum));
  return text;
}

std::string trained_on(const SplitDataset& data, bool leaked) {
  return json{{"test_pairs", test_pairs(data)}, {"leaked", leaked}}.dump();
}

bool has_seen_test(const std::string& trained_on, const SplitDataset& data,
                   const std::string& path) {
  if (data.parts.test.size() == 0) return false;
  const json said = json_of(trained_on);
  if (!said.is_object() || !said.contains("test_pairs")) {
    say(path + kNotKnown);
    return false;
  }
  return said.value("leaked", false) || said["test_pairs"] != test_pairs(data);
}

bool has_seen_test(const ServedModel& model, const SplitDataset& data) {
  const Interactions& rows = data.parts.test;
  if (rows.size() == 0) return false;
  const json metadata = json_of(model.metadata());
  if (metadata.is_object()) {
    const json provenance = object_in(metadata, "provenance");
    const bool tested = metadata.value("fit", "tested") == "tested" &&
                        metadata.value("/config/train/rows"_json_pointer, "train") == "train";
    if (tested && !provenance.value("leaked", false) &&
        provenance.value("test_pairs", "") == test_pairs(data))
      return false;
    if (provenance.value("leaked", false) && provenance.value("test_pairs", "") == test_pairs(data))
      return true;
  }
  if (model.seen().item.empty()) {
    say(model.path() + kNotKnown);
    return false;
  }
  std::vector<int32_t> users(data.users.size()), items(data.items.size());
  for (int32_t u = 0; u < data.users.size(); ++u) users[u] = model.find_user(data.users.name(u));
  for (int32_t i = 0; i < data.items.size(); ++i) items[i] = model.find_item(data.items.name(i));
  for (int64_t n = 0; n < rows.size(); ++n) {
    const int32_t u = users[rows.user[n]], i = items[rows.item[n]];
    if (u < 0 || i < 0) continue;
    const auto seen = model.seen().of(u);
    if (std::binary_search(seen.begin(), seen.end(), i)) return true;
  }
  return false;
}

}  // namespace latent
