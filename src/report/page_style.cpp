#include "src/report/page_style.h"

namespace latent {

namespace {

/// Page, text, faint text, lines, series 0 to 7.
constexpr const char* kLight =
    "--page:#fff;--panel:#f5f6f8;--text:#1b1e23;--faint:#565d68;--grid:#dfe2e7;--axis:#7d8590;"
    "--link:#0b57a4;--s0:#0072b2;--s1:#c14d00;--s2:#007a5a;--s3:#b0508a;--s4:#8f6400;--s5:#2b8cbe;"
    "--s6:#4a4f57;--s7:#6a3fa0;--box:#cfe3f2;";
constexpr const char* kDark =
    "--page:#14171b;--panel:#1d2127;--text:#e8eaed;--faint:#a9b0bb;--grid:#2e343c;--axis:#7d8590;"
    "--link:#8ec7f5;--s0:#56b4e9;--s1:#ff8b3d;--s2:#2bc79b;--s3:#e695c4;--s4:#e8b93c;--s5:#9cd3ee;"
    "--s6:#c3c8d0;--s7:#bda3f2;--box:#214560;";

constexpr const char* kLayout = R"(
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1rem;background:var(--page);color:var(--text);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif}
h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:2.5rem 0 .5rem;padding-top:.75rem;border-top:1px solid var(--grid)}
h3{font-size:1rem;margin:1.5rem 0 .5rem;overflow-wrap:anywhere}
p{max-width:46rem;margin:.5rem 0;overflow-wrap:anywhere}
a{color:var(--link)}
a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:3px solid var(--link);
outline-offset:2px}
main:focus{outline:none}
.skip{position:absolute;left:-200rem}
.skip:focus{left:1rem;top:.5rem;padding:.5rem 1rem;background:var(--page);z-index:1}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.35rem 1.1rem;padding:0;margin:1rem 0}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));
gap:1.25rem;margin:1rem 0;align-items:start}
figure{margin:0;padding:.9rem;background:var(--panel);border-radius:.5rem;min-width:0;
max-width:38rem}
figcaption{font-size:.9rem;color:var(--faint);margin-bottom:.6rem;overflow-wrap:anywhere}
figcaption strong{display:block;color:var(--text);font-size:1rem}
svg{display:block;width:100%;height:auto}
details{margin-top:.6rem;font-size:.9rem}
summary{cursor:pointer;color:var(--link);padding:.2rem 0}
.scroll{overflow-x:auto;max-width:100%;margin:.75rem 0}
details .scroll{max-height:22rem;overflow-y:auto}
table{border-collapse:collapse;font-size:.9rem}
caption{text-align:left;color:var(--faint);padding:.2rem 0}
th,td{text-align:left;padding:.25rem .8rem .25rem 0;border-bottom:1px solid var(--grid);
vertical-align:top;font-weight:400;white-space:nowrap}
thead th{font-weight:600;vertical-align:bottom}
tbody th{font-weight:600}
.n{text-align:right;font-variant-numeric:tabular-nums}
)";

constexpr const char* kCharts = R"(
svg text{font-size:12.5px;fill:var(--text);font-family:inherit}
svg .tick{fill:var(--faint)}
svg .tick.y{text-anchor:end}
svg .tick.x,svg .label.x{text-anchor:middle}
svg .point{font-size:10.5px;paint-order:stroke;stroke:var(--panel);stroke-width:3px}
svg path{fill:none}
svg .rule{stroke:var(--grid);stroke-width:1}
svg .axis{stroke:var(--axis);stroke-width:1}
svg .line{stroke-width:2;stroke-linejoin:round}
svg .mark{stroke-width:1.6}
svg .small{fill-opacity:.55;stroke-width:0}
svg .best{fill:none;stroke-width:2}
svg .base{stroke:var(--axis);fill:var(--axis)}
svg .line.base{stroke-dasharray:2 3;fill:none;stroke-width:1.8}
svg .diagonal{stroke:var(--axis);stroke-dasharray:5 4}
svg .box{fill:var(--box);stroke:var(--s0);stroke-width:1.2}
svg .median{stroke:var(--s0);stroke-width:3}
svg .whisker{stroke:var(--s0);stroke-width:1.2}
)";

/// Dashes of the lines of each series.
constexpr const char* kDashes[] = {"none", "7 3",  "2 3", "9 3 2 3",
                                   "4 2",  "12 3", "1 4", "6 2 1 2 1 2"};

}  // namespace

std::string page_style() {
  std::string out = std::string(":root{") + kLight +
                    "}\n@media (prefers-color-scheme:dark){:root{" + kDark + "}}\n" + kLayout +
                    kCharts;
  for (int n = 0; n < 8; ++n) {
    const std::string number = std::to_string(n), colour = "var(--s" + number + ")";
    out += "svg .s" + number + "{stroke:" + colour + ";fill:" + colour + "}\n";
    out += "svg .line.s" + number + "{fill:none;stroke-dasharray:" + kDashes[n] + "}\n";
    out += "svg .best.s" + number + "{fill:none}\n";
  }
  return out + "@media print{:root{" + kLight +
         "}\nbody{max-width:none;padding:0;font-size:10pt}\nnav,.skip,details{display:none}\n"
         "figure,tr{break-inside:avoid}\nh2,h3{break-after:avoid}\n.grid{display:block}\n"
         "figure{max-width:15cm;margin-bottom:1rem;background:none;border:1px solid #ccc}\n"
         ".scroll{overflow:visible}\nth,td{white-space:normal}\n}\n";
}

}  // namespace latent
