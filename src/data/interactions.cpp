#include "src/data/interactions.h"

#include "src/base/huge_pages.h"

namespace latent {

void Interactions::reserve(size_t n) {
  user.reserve(n);
  item.reserve(n);
  rating.reserve(n);
  advise_huge_pages(user.data(), n * sizeof user[0]);
  advise_huge_pages(item.data(), n * sizeof item[0]);
  advise_huge_pages(rating.data(), n * sizeof rating[0]);
}

void Interactions::push_from(const Interactions& from, int64_t row) {
  push(from.user[row], from.item[row], from.rating[row]);
  if (from.has_time()) time.push_back(from.time[row]);
}

void Interactions::append(const Interactions& from) {
  user.insert(user.end(), from.user.begin(), from.user.end());
  item.insert(item.end(), from.item.begin(), from.item.end());
  rating.insert(rating.end(), from.rating.begin(), from.rating.end());
  time.insert(time.end(), from.time.begin(), from.time.end());
}

double mean_rating(const Interactions& rows) {
  double sum = 0;
  for (const float r : rows.rating) sum += r;
  return rows.size() == 0 ? 0 : sum / static_cast<double>(rows.size());
}

UserItems user_items(const Interactions& rows, int32_t users) {
  return UserItems(rows.user, rows.item, users);
}

}  // namespace latent
