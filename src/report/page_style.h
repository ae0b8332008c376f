// How a report looks: light, dark, on a phone, in print.
#pragma once

#include <string>

namespace latent {

/// A style sheet for html_page() and the classes of chart_svg(). Series differ by colour, dashes
/// and markers; the colours are after Okabe and Ito's set for all kinds of colour vision, darkened
/// or lightened until each has a contrast of 3 or more with the page.
std::string page_style();

}  // namespace latent
