#include "src/report/html_page.h"

#include <algorithm>

#include "src/report/markup.h"
#include "src/report/page_style.h"
#include "src/report/svg_chart.h"

namespace latent {

namespace {

bool is_number(const std::string& cell) {
  return !cell.empty() && cell.find_first_not_of("0123456789.,+-–e±%() ") == std::string::npos;
}

/// A table in a box of its own, which scrolls where it is wider than the page.
std::string table_html(const DataTable& table) {
  const std::string caption = html_text(table.caption);
  std::string out = "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"" + caption +
                    "\"><table><caption>" + caption + "</caption><thead><tr>";
  for (size_t n = 0; n < table.columns.size(); ++n) {
    const bool numbers = std::ranges::all_of(
        table.rows, [n](const auto& row) { return n < row.size() && is_number(row[n]); });
    out += std::string("<th scope=\"col\"") + (numbers ? " class=\"n\">" : ">") +
           html_text(table.columns[n]) + "</th>";
  }
  out += "</tr></thead><tbody>\n";
  for (const auto& row : table.rows) {
    out += "<tr>";
    for (size_t n = 0; n < row.size(); ++n) {
      const std::string kind = is_number(row[n]) ? " class=\"n\"" : "";
      out += n == 0 && table.names_rows
                 ? "<th scope=\"row\"" + kind + ">" + html_text(row[n]) + "</th>"
                 : "<td" + kind + ">" + html_text(row[n]) + "</td>";
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

class PageWriter {
 public:
  std::string section(const Section& section, size_t number) {
    const std::string id = "section-" + std::to_string(number);
    out_ = "<section aria-labelledby=\"" + id + "\">\n<h2 id=\"" + id + "\">" +
           html_text(section.heading) + "</h2>\n";
    for (const PagePart& part : section.parts) std::visit([this](const auto& p) { add(p); }, part);
    in_grid(false);
    return out_ + "</section>\n";
  }

 private:
  /// Charts stand side by side in a grid, as many as fit.
  void in_grid(bool wanted) {
    if (wanted != grid_) out_ += wanted ? "<div class=\"grid\">\n" : "</div>\n";
    grid_ = wanted;
  }
  void add(const std::string& paragraph) {
    in_grid(false);
    out_ += "<p>" + html_text(paragraph) + "</p>\n";
  }
  void add(const Subheading& heading) {
    in_grid(false);
    out_ += "<h3>" + html_text(heading.text) + "</h3>\n";
  }
  void add(const DataTable& table) {
    in_grid(false);
    out_ += table.folded ? "<details><summary>" + html_text(table.caption) + "</summary>\n" +
                               table_html(table) + "</details>\n"
                         : table_html(table);
  }
  void add(const Chart& chart) {
    in_grid(true);
    const std::string id = "chart-" + std::to_string(++charts_);
    out_ += "<figure aria-labelledby=\"" + id + "-t\">\n<figcaption><strong id=\"" + id + "-t\">" +
            html_text(chart.title) + "</strong> " + html_text(chart.caption) + "</figcaption>\n" +
            chart_svg(chart, id);
    if (!chart.table.rows.empty())
      out_ += "<details><summary>The data of this chart as a table</summary>\n" +
              table_html(chart.table) + "</details>\n";
    out_ += "</figure>\n";
  }

  std::string out_;
  bool grid_ = false;
  int charts_ = 0;
};

}  // namespace

std::string html_page(const Page& page) {
  const std::string title = html_text(page.title);
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n<title>" +
      title + "</title>\n<style>\n" + page_style() +
      "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#content\">Skip to the "
      "content</a>\n<header>\n<h1>" +
      title + "</h1>\n";
  for (const std::string& paragraph : page.lead) out += "<p>" + html_text(paragraph) + "</p>\n";
  out += "</header>\n<nav aria-label=\"Sections\">\n<ul>\n";
  for (size_t n = 0; n < page.sections.size(); ++n)
    out += "<li><a href=\"#section-" + std::to_string(n + 1) + "\">" +
           html_text(page.sections[n].heading) + "</a></li>\n";
  out += "</ul>\n</nav>\n<main id=\"content\" tabindex=\"-1\">\n";
  PageWriter writer;
  for (size_t n = 0; n < page.sections.size(); ++n) out += writer.section(page.sections[n], n + 1);
  return out + "</main>\n</body>\n</html>\n";
}

}  // namespace latent
