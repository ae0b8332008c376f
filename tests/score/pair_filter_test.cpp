#include "src/score/pair_filter.h"

#include "src/base/rng.h"
#include "tests/support.h"

namespace latent {
namespace {

UserItems random_known(int32_t users, int32_t items, int pairs) {
  RandomStream s = Rng(1).stream("pairs");
  std::vector<int32_t> user(pairs), item(pairs);
  for (int n = 0; n < pairs; ++n) {
    user[n] = static_cast<int32_t>(s.below(users));
    item[n] = static_cast<int32_t>(s.below(items));
  }
  return UserItems(user, item, users);
}

TEST(PairFilter, NeverDeniesAKnownPairAndSeldomTakesAStrangerForOne) {
  // With pairs for one part of the filter, and for many.
  for (const int pairs : {1, 6000, 200000}) {
    const UserItems known = random_known(3000, 1000, pairs);
    const PairFilter filter(known);
    int strangers = 0, mistaken = 0;
    for (int32_t u = 0; u < 3000; ++u) {
      for (int32_t i = 0; i < 1000; ++i) {
        if (known.has(u, i)) {
          EXPECT_TRUE(filter.maybe(u, i));
        } else {
          ++strangers;
          mistaken += filter.maybe(u, i);
        }
      }
    }
    EXPECT_LT(mistaken, strangers / 30) << pairs << " pairs";
  }
}

TEST(PairFilter, LooksForEightPairsWhereItPutsThem) {
  const UserItems known = random_known(50, 80, 900);
  PairFilter filter;
  filter.add_part(70);  // another part before
  const PairFilter::Part part = filter.add_part(std::ssize(known.item));
  for (int32_t u = 0; u < 50; ++u) {
    for (const int32_t i : known.of(u)) filter.add(part, u, i);
  }
  int mistaken = 0;
  for (uint32_t u = 0; u < 50; ++u) {
    for (uint32_t first = 0; first < 80; first += 8) {
      const Unsigned8 item = first + Unsigned8{0, 1, 2, 3, 4, 5, 6, 7};
      const PairFilter::Probe8 probe = PairFilter::probe(part, Unsigned8{} + u, item);
      for (int n = 0; n < 8; ++n) {
        const bool maybe = (filter.words(part)[probe.word[n]] & probe.bits[n]) == probe.bits[n];
        const bool has = known.has(static_cast<int32_t>(u), static_cast<int32_t>(item[n]));
        EXPECT_TRUE(maybe || !has) << u << ", " << item[n];
        mistaken += maybe && !has;
      }
    }
  }
  EXPECT_LT(mistaken, 50 * 80 / 20);
}

}  // namespace
}  // namespace latent
