#include "src/report/html_page.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <regex>

#include "src/report/page_style.h"

namespace latent {
namespace {

Page sample() {
  Chart chart{.title = "Loss",
              .caption = "How it fell.",
              .x = {.label = "step"},
              .y = {.label = "loss"},
              .series = {{.name = "a", .points = {{1, 2}, {2, 1}}}},
              .table = {"Loss by step", {"step", "loss"}, {{"1", "2"}, {"2", "1"}}}};
  DataTable folded{"All of it", {"figure", "a"}, {{"rmse", "0.9"}}};
  folded.folded = true;
  return {"Report on <x>",
          {"One & all."},
          {{"Curves", {std::string("Text."), Subheading{"a"}, chart, chart}},
           {"Numbers", {DataTable{"Metrics", {"run", "rmse"}, {{"a", "0.9"}}}, folded}}}};
}

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(HtmlPage, IsWholeAndNeedsNothingElse) {
  const std::string html = html_page(sample());
  EXPECT_TRUE(html.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
  for (const char* outside : {"http", "url(", "@import", "<script", "src="})
    EXPECT_EQ(html.find(outside), std::string::npos) << outside;
}

TEST(HtmlPage, EscapesAllText) {
  const std::string html = html_page(sample());
  EXPECT_NE(html.find("<h1>Report on &lt;x&gt;</h1>"), std::string::npos);
  EXPECT_NE(html.find("<p>One &amp; all.</p>"), std::string::npos);
  EXPECT_EQ(html.find("<x>"), std::string::npos);
}

TEST(HtmlPage, HasIdsThatOccurOnce) {
  const std::string html = html_page(sample());
  static const std::regex pattern(" id=\"([^\"]*)\"");
  for (std::sregex_iterator at(html.begin(), html.end(), pattern), end; at != end; ++at)
    EXPECT_EQ(count_of(html, (*at)[0]), 1u) << (*at)[0];
  EXPECT_GE(count_of(html, " id=\""), 7u) << "content, 2 sections, 2 charts twice";
}

TEST(HtmlPage, PutsTheDataOfAChartBesideIt) {
  const std::string html = html_page(sample());
  EXPECT_EQ(count_of(html, "<summary>The data of this chart as a table</summary>"), 2u);
  EXPECT_EQ(count_of(html, "<summary>All of it</summary>"), 1u);
  EXPECT_EQ(count_of(html, "<div"), count_of(html, "</div>"));
  EXPECT_EQ(count_of(html, "<div class=\"grid\">"), 1u) << "neighbours share a grid";
}

TEST(HtmlPage, LinksToItsSections) {
  const std::string html = html_page(sample());
  EXPECT_NE(html.find("<a href=\"#section-2\">Numbers</a>"), std::string::npos);
  EXPECT_NE(html.find("<h2 id=\"section-2\">Numbers</h2>"), std::string::npos);
  EXPECT_NE(html.find("<a class=\"skip\" href=\"#content\">"), std::string::npos);
  EXPECT_NE(html.find("<main id=\"content\""), std::string::npos);
}

/// Relative luminance of "#rgb" or "#rrggbb" (WCAG 2.2).
double luminance(const std::string& colour) {
  const size_t digits = colour.size() == 4 ? 1 : 2;
  double out = 0;
  for (const auto& [channel, weight] : {std::pair{0, 0.2126}, {1, 0.7152}, {2, 0.0722}}) {
    std::string hex = colour.substr(1 + channel * digits, digits);
    if (digits == 1) hex += hex;
    const double value = std::stoi(hex, nullptr, 16) / 255.0;
    out += weight * (value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4));
  }
  return out;
}

double contrast(const std::string& a, const std::string& b) {
  const double x = luminance(a), y = luminance(b);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

TEST(PageStyle, HasContrastInLightAndDark) {
  const std::string style = page_style();
  static const std::regex scheme(":root\\{([^}]*)\\}");
  size_t schemes = 0;
  for (std::sregex_iterator at(style.begin(), style.end(), scheme), end; at != end; ++at) {
    const std::string rules = (*at)[1];
    const auto colour = [&](const std::string& name) {
      std::smatch found;
      EXPECT_TRUE(std::regex_search(rules, found, std::regex("--" + name + ":(#[0-9a-f]+)")))
          << name;
      return found[1].str();
    };
    for (const char* ground : {"page", "panel"}) {
      for (const char* text : {"text", "faint", "link"})
        EXPECT_GE(contrast(colour(text), colour(ground)), 4.5) << text << " on " << ground;
      for (int n = 0; n < 8; ++n)
        EXPECT_GE(contrast(colour("s" + std::to_string(n)), colour(ground)), 3) << n;
      EXPECT_GE(contrast(colour("axis"), colour(ground)), 3);
    }
    ++schemes;
  }
  EXPECT_EQ(schemes, 3u) << "light, dark, print";
}

}  // namespace
}  // namespace latent
