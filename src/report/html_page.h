// A report as one HTML file that needs nothing else.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "src/report/chart.h"

namespace latent {

/// A heading of third order, before what belongs to one run, say.
struct Subheading {
  std::string text;
};

using PagePart =
    std::variant<std::string, Subheading, DataTable, Chart>;  ///< a string: a paragraph

struct Section {
  std::string heading;
  std::vector<PagePart> parts;
};

struct Page {
  std::string title;
  std::vector<std::string> lead;  ///< paragraphs under the title
  std::vector<Section> sections;
};

/// The whole file: style and drawings in it, no script, nothing that is fetched. All text is
/// escaped. The same page gives the same bytes.
std::string html_page(const Page& page);

}  // namespace latent
