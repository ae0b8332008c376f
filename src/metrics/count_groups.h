// Users or items in about ten groups by how often they were trained on.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace latent {

/// Tenths of the members by count, the least first. Equal counts share a group, so that there are
/// fewer groups where counts repeat. Members without a count are a group of their own, the first
/// one, if there are any.
class CountGroups {
 public:
  struct Group {
    int32_t lowest, highest;  ///< counts
    int64_t members;
    double mean;  ///< of the members' counts
  };

  /// `counts` [N], of each member.
  explicit CountGroups(std::span<const int32_t> counts);

  const std::vector<Group>& groups() const { return groups_; }
  /// The group of a member with that count, one of those given.
  size_t of(int32_t count) const;

 private:
  std::vector<Group> groups_;
};

/// Sums of a figure over the held-out rows of each group.
struct GroupSums {
  explicit GroupSums(size_t groups) : sum(groups), rows(groups) {}
  void add(size_t group, double value) {
    sum[group] += value;
    ++rows[group];
  }

  std::vector<double> sum;
  std::vector<int64_t> rows;
};

}  // namespace latent
