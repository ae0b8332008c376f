#include "src/report/markup.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "src/base/utf8.h"

namespace latent {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

double character_width(int32_t code) {
  if (code >= 0x1100) return 1.1;  // ideographs, kana, signs
  if (code >= 0x80) return 0.7;
  const auto is_in = [code](std::string_view set) {
    return set.find(static_cast<char>(code)) != std::string_view::npos;
  };
  if (is_in("mwMW@%")) return 1.0;
  if (is_in(" .,:;'|!ijlI")) return 0.38;
  if (code >= 'A' && code <= 'Z') return 0.75;
  return 0.64;
}

/// Commas between groups of three digits of a whole part.
std::string grouped(std::string digits) {
  const size_t sign = digits.starts_with('-') ? 1 : 0;
  for (size_t at = digits.find('.') == std::string::npos ? digits.size() : digits.find('.');
       at > sign + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t from = at;
    const int32_t code = next_code_point(text, at);
    if (code < 0) {
      out += kReplacement;
    } else if (code < 0x20 || (code >= 0x7F && code < 0xA0)) {
      out += ' ';
    } else if (code == '&') {
      out += "&amp;";
    } else if (code == '<') {
      out += "&lt;";
    } else if (code == '>') {
      out += "&gt;";
    } else if (code == '"') {
      out += "&quot;";
    } else if (code == '\'') {
      out += "&#39;";
    } else {
      out += text.substr(from, at - from);
    }
  }
  return out;
}

std::string shortened(std::string_view text, size_t most) {
  size_t count = 0, cut = 0;
  for (size_t at = 0; at < text.size(); ++count) {
    if (count + 1 == most) cut = at;
    next_code_point(text, at);
  }
  return count <= most ? std::string(text) : std::string(text.substr(0, cut)) + "…";
}

double text_width(std::string_view text) {
  double sum = 0;
  for (size_t at = 0; at < text.size();) sum += character_width(next_code_point(text, at));
  return sum;
}

std::string figure_text(double value) {
  if (!std::isfinite(value)) return "–";
  char text[64];
  const double size = std::abs(value);
  if (value == std::round(value) && size < 1e15) {
    std::snprintf(text, sizeof text, "%.0f", value == 0 ? 0.0 : value);
    return grouped(text);
  }
  if (size < 1e-4 || size >= 1e15) {
    std::snprintf(text, sizeof text, "%.3g", value);
    return text;
  }
  const int decimals = 3 - static_cast<int>(std::floor(std::log10(size)));
  std::snprintf(text, sizeof text, "%.*f", std::max(0, decimals), value);
  return grouped(text);
}

std::string position_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  std::string out = text;
  if (out.ends_with(".0")) out.resize(out.size() - 2);
  return out == "-0" ? "0" : out;
}

}  // namespace latent
