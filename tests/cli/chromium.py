"""Looks at an HTML file in headless Chromium, where that is installed (Debian: apt install chromium)."""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile

PROGRAM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)

# Runs in the page. Names what is wider than its box, reaches beyond the window or beyond its drawing, and texts that overlap.
PROBE = """
addEventListener("load", () => {
  const wrong = [], room = document.documentElement.clientWidth;
  const say = (what, node) => wrong.push(what + ": " + (node.textContent || node.tagName).trim().slice(0, 60));
  if (document.documentElement.scrollWidth > room) wrong.push("the page scrolls sideways: " + document.documentElement.scrollWidth + " > " + room);
  for (const node of document.querySelectorAll("h1, h2, h3, p, figcaption, summary, li")) {
    const style = getComputedStyle(node);
    if (style.overflow !== "visible" || node.scrollWidth > node.clientWidth + 1 && style.display !== "inline") say("clipped", node);
  }
  const overlap = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > .5 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2.5;
  let texts = 0, smallest = 99;
  for (const svg of document.querySelectorAll("svg")) {
    const box = svg.getBoundingClientRect(), seen = [];
    if (box.width === 0) continue;
    if (box.right > room + 1) say("a chart beyond the window", svg);
    for (const text of svg.querySelectorAll("text")) {
      const own = text.getBoundingClientRect();
      ++texts;
      smallest = Math.min(smallest, parseFloat(getComputedStyle(text).fontSize) * box.width / svg.viewBox.baseVal.width);
      if (own.left < box.left - .5 || own.right > box.right + .5 || own.top < box.top - .5 || own.bottom > box.bottom + .5) say("outside of its chart", text);
      for (const [other, where] of seen) if (overlap(own, where)) say("overlaps " + other.textContent, text);
      seen.push([text, own]);
    }
  }
  const colour = getComputedStyle(document.body).backgroundColor;
  document.documentElement.setAttribute("data-probe", JSON.stringify({wrong, texts, smallest, colour, width: innerWidth}));
});
"""


class Look:
    """What the browser found: .wrong, .texts, .smallest (font in pixels), .colour (of the page), .console."""

    def __init__(self, found, console):
        self.__dict__.update(found, console=console)


def flags(dark):
    return ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage", "--enable-logging=stderr",
            "--allow-file-access-from-files", f"--blink-settings=preferredColorScheme={0 if dark else 1}"]


def framed(html, width, height, folder):
    """A page that shows `html` in a frame: windows themselves have a least width."""
    (folder / "report.html").write_text(html, encoding="utf-8")
    page = folder / "page.html"
    page.write_text(f'<!DOCTYPE html><title>probe</title><body style="margin:0"><iframe src="report.html" style="border:0;width:{width}px;height:{height}px"></iframe>'
                    '<script>onload = () => setTimeout(() => { const probe = document.querySelector("iframe").contentDocument.documentElement.dataset.probe; '
                    'document.body.setAttribute("data-probe", probe || "{}"); }, 50)</script>', encoding="utf-8")
    return page.as_uri()


def run(arguments):
    with tempfile.TemporaryDirectory(prefix="latent-chromium-") as profile:
        return subprocess.run([PROGRAM, f"--user-data-dir={profile}", *arguments], capture_output=True, encoding="utf-8", timeout=120)


def look(path, width, dark=False):
    """Lays out the file `path` in a window of that width."""
    html = pathlib.Path(path).read_text(encoding="utf-8").replace("</head>", f"<script>{PROBE}</script></head>", 1)
    with tempfile.TemporaryDirectory(prefix="latent-page-") as folder:
        url = framed(html, width, 900, pathlib.Path(folder))
        done = run([*flags(dark), f"--window-size={max(width, 600)},1000", "--virtual-time-budget=5000", "--dump-dom", url])
    probe = re.search(r'<body [^>]*data-probe="([^"]*)"', done.stdout)
    if not probe:
        raise AssertionError(f"Chromium gave no page: {done.stdout[:500]}\n{done.stderr[-2000:]}")
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return Look(json.loads(probe[1].replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")), console)


def screenshot(path, width, height, image, dark=False):
    """The first `height` pixels as a PNG file."""
    with tempfile.TemporaryDirectory(prefix="latent-page-") as folder:
        url = framed(pathlib.Path(path).read_text(encoding="utf-8"), width, height, pathlib.Path(folder))
        run([*flags(dark), f"--window-size={width},{height}", "--virtual-time-budget=3000", f"--screenshot={pathlib.Path(image).resolve()}", url])
