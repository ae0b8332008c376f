#include "src/report/chart_scale.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "src/report/markup.h"

namespace latent {

namespace {

constexpr double kSlack = 1e-9;  // shares of the axis by which ticks may miss its ends

bool is_log(Axis::Kind kind) {
  return kind == Axis::Kind::kLog || kind == Axis::Kind::kLogWithZero;
}

/// 1, 2 or 5 times a power of ten: the least that is not below `least`.
double round_step(double least) {
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  for (const double times : {1.0, 2.0, 5.0}) {
    if (times * power >= least * (1 - kSlack)) return times * power;
  }
  return 10 * power;
}

std::string with_decimals(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  std::string out = text;
  return out.find_first_not_of("-0.") == std::string::npos && out.starts_with('-') ? out.substr(1)
                                                                                   : out;
}

}  // namespace

ChartScale::ChartScale(const Axis& axis, const std::vector<double>& values) : axis_(axis) {
  if (axis.kind == Axis::Kind::kCategories) {
    low_ = -0.5;
    high_ = std::max(0.5, static_cast<double>(axis.categories.size()) - 0.5);
    return;
  }
  double least = INFINITY, greatest = -INFINITY;
  bool zero = false;
  for (const double value : values) {
    if (!shows(value)) continue;
    zero = zero || value == 0;
    if (is_log(axis.kind) && value == 0) continue;
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
  if (least > greatest) least = greatest = is_log(axis.kind) ? 1 : 0;
  least = axis.lowest.value_or(least);
  greatest = axis.highest.value_or(greatest);
  low_ = raw(least);
  high_ = raw(greatest);
  if (axis.kind == Axis::Kind::kLogWithZero && zero) zero_room_ = 0.12;
  if (high_ - low_ < 1e-12 * std::max(1.0, std::abs(low_))) {
    const double margin = is_log(axis.kind) || low_ == 0 ? 0.5 : std::abs(low_) * 0.1;
    low_ -= margin;
    high_ += margin;
    return;
  }
  const double margin = (high_ - low_) * 0.03;
  if (!axis.lowest) low_ -= margin;
  if (!axis.highest) high_ += margin;
}

bool ChartScale::shows(double value) const {
  if (!std::isfinite(value)) return false;
  if (axis_.kind == Axis::Kind::kLog) return value > 0;
  return axis_.kind != Axis::Kind::kLogWithZero || value >= 0;
}

double ChartScale::raw(double value) const {
  return is_log(axis_.kind) ? std::log10(value) : value;
}

double ChartScale::place(double value) const {
  if (axis_.kind == Axis::Kind::kLogWithZero && value == 0) return zero_room_ / 2;
  const double share = std::clamp((raw(value) - low_) / (high_ - low_), 0.0, 1.0);
  return zero_room_ + share * (1 - zero_room_);
}

bool ChartScale::is_beyond(double value) const {
  if (axis_.kind == Axis::Kind::kLogWithZero && value == 0) return false;
  const double margin = (high_ - low_) * kSlack;
  return raw(value) < low_ - margin || raw(value) > high_ + margin;
}

std::vector<double> ChartScale::candidates(int density) const {
  std::vector<double> out;
  if (axis_.kind == Axis::Kind::kCategories) {
    for (size_t n = 0; n < axis_.categories.size(); ++n) out.push_back(static_cast<double>(n));
    return out;
  }
  if (!axis_.ticks.empty()) return axis_.ticks;
  // Over less than a decade round numbers of the values themselves serve a logarithmic axis too.
  if (is_log(axis_.kind) && high_ - low_ >= 1) {
    const std::vector<double> times = density > 9   ? std::vector<double>{1, 2, 5}
                                      : density > 6 ? std::vector<double>{1, 3}
                                                    : std::vector<double>{1};
    const int stride =
        std::max(1, static_cast<int>(std::ceil((high_ - low_) / std::max(1, density))));
    for (int power = static_cast<int>(std::floor(low_)); power <= std::ceil(high_); ++power) {
      if (power % stride != 0) continue;
      for (const double factor : times) out.push_back(factor * std::pow(10.0, power));
    }
    return out;
  }
  const double low = is_log(axis_.kind) ? std::pow(10.0, low_) : low_;
  const double high = is_log(axis_.kind) ? std::pow(10.0, high_) : high_;
  const double step = round_step((high - low) / density);
  for (double n = std::ceil(low / step - kSlack); n * step <= high * (1 + kSlack) + step * kSlack;
       ++n)
    out.push_back(n * step);
  return out;
}

std::string ChartScale::label(double value, double step) const {
  if (axis_.kind == Axis::Kind::kCategories) return axis_.categories[static_cast<size_t>(value)];
  if (value == 0) return "0";
  const double size = std::abs(value);
  if (size >= 1e6) return figure_text(value / 1e6) + "M";
  if (size >= 1e4) return figure_text(value / 1e3) + "k";
  if (is_log(axis_.kind) || !axis_.ticks.empty()) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g", value);
    return size >= 1000 ? figure_text(value) : text;
  }
  if (step < 1e-5) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g", value);
    return text;
  }
  const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step) + kSlack)));
  return decimals == 0 ? figure_text(std::round(value)) : with_decimals(value, decimals);
}

std::vector<Tick> ChartScale::ticks(double room, bool upright) const {
  for (int density = upright ? 6 : 12; density >= 1; --density) {
    std::vector<Tick> out;
    const std::vector<double> values = candidates(density);
    const double step = values.size() > 1 ? values[1] - values[0] : 1;
    if (zero_room_ > 0) out.push_back({place(0), "0"});
    for (const double value : values) {
      if (shows(value) && value != 0 && is_beyond(value)) continue;
      if (value == 0 && is_log(axis_.kind)) continue;
      out.push_back({place(value), label(value, step)});
    }
    bool fits = true;
    for (size_t n = 1; n < out.size(); ++n) {
      const double half =
          upright ? 1.4 : (text_width(out[n - 1].label) + text_width(out[n].label)) / 2;
      fits = fits && (out[n].at - out[n - 1].at) * room >= half + (upright ? 0 : 0.8);
    }
    if (fits || density == 1 || axis_.kind == Axis::Kind::kCategories || !axis_.ticks.empty()) {
      // Given ticks are thinned instead.
      if (fits) return out;
      std::vector<Tick> kept;
      for (const Tick& tick : out) {
        const double half =
            kept.empty() ? 0
            : upright    ? 1.4
                         : (text_width(kept.back().label) + text_width(tick.label)) / 2 + 0.8;
        if (kept.empty() || (tick.at - kept.back().at) * room >= half) kept.push_back(tick);
      }
      return kept;
    }
  }
  return {};
}

}  // namespace latent
