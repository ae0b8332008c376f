// From values to places along an axis, and the ticks between.
#pragma once

#include <string>
#include <vector>

#include "src/report/chart.h"

namespace latent {

struct Tick {
  double at;  ///< from 0 to 1 along the axis
  std::string label;
};

class ChartScale {
 public:
  /// For an axis and all values to be shown on it; those that are not finite, or not positive on a
  /// logarithmic axis, are passed over. The ends have room around dots.
  ChartScale(const Axis& axis, const std::vector<double>& values);

  /// The place of `value`, from 0 to 1; values beyond an end lie at it.
  double place(double value) const;
  /// Whether `value` lies beyond an end.
  bool is_beyond(double value) const;
  /// Whether `value` can be shown at all.
  bool shows(double value) const;

  /// Ticks whose labels, `room` units of font size long in all, do not touch: beside each other, or
  /// one above another where `upright`.
  std::vector<Tick> ticks(double room, bool upright) const;

 private:
  double raw(double value) const;
  std::vector<double> candidates(int density) const;
  std::string label(double value, double step) const;

  const Axis axis_;
  double low_ = 0, high_ = 1;  // of raw()
  double zero_room_ = 0;       // of kLogWithZero: the share of the axis that belongs to 0
};

}  // namespace latent
