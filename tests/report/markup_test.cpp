#include "src/report/markup.h"

#include <gtest/gtest.h>

#include <cmath>

namespace latent {
namespace {

TEST(Markup, EscapesWhatHtmlWouldRead) {
  EXPECT_EQ(html_text("<script>alert('a&b')</script>\""),
            "&lt;script&gt;alert(&#39;a&amp;b&#39;)&lt;/script&gt;&quot;");
  EXPECT_EQ(html_text("Amélie – 映画"), "Amélie – 映画");
}

TEST(Markup, ReplacesControlCharactersAndWhatIsNotUtf8) {
  EXPECT_EQ(html_text(std::string_view("a\0b\x1b\n\x7f", 6)), "a b   ");
  EXPECT_EQ(html_text("a\xff<\xc3"), "a\xEF\xBF\xBD&lt;\xEF\xBF\xBD");
}

TEST(Markup, ShortensByCharactersAndNotByBytes) {
  EXPECT_EQ(shortened("Amélie", 6), "Amélie");
  EXPECT_EQ(shortened("Amélie!", 4), "Amé…");
  EXPECT_EQ(shortened("", 4), "");
}

TEST(Markup, WritesFiguresAsPeopleReadThem) {
  EXPECT_EQ(figure_text(0.89607), "0.8961");
  EXPECT_EQ(figure_text(1234567), "1,234,567");
  EXPECT_EQ(figure_text(-1234), "-1,234");
  EXPECT_EQ(figure_text(123), "123");
  EXPECT_EQ(figure_text(0.0321), "0.03210");
  EXPECT_EQ(figure_text(12.3456), "12.35");
  EXPECT_EQ(figure_text(1234.56), "1,235");
  EXPECT_EQ(figure_text(0.0000321), "3.21e-05");
  EXPECT_EQ(figure_text(-0.0), "0");
  EXPECT_EQ(figure_text(NAN), "–");
  EXPECT_EQ(figure_text(INFINITY), "–");
}

TEST(Markup, WritesPositionsWithOneDecimal) {
  EXPECT_EQ(position_text(12.34), "12.3");
  EXPECT_EQ(position_text(7), "7");
  EXPECT_EQ(position_text(-0.01), "0");
}

}  // namespace
}  // namespace latent
