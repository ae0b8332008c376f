#!/usr/bin/env python3
"""Draws runs: the objective over the steps, the validation part where they validated, and predictions where one run predicts ratings.

    python scripts/plot_run.py RUN [RUN...] [-o FOLDER] [--latent build/release/latent]

One run: RUN/plots/loss.png, valid.png and predictions.png. Several: loss.png and valid_METRIC.png with a curve for each, in plots/
beside the first one. Needs matplotlib, and the program for predictions.png.
"""

import argparse
import collections
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
BLUE, ORANGE, GREY = "#1f6fb4", "#d9730d", "#8a8a8a"
FEW = 21  # distinct ratings up to which each has a box of its own


def read_log(run):
    """-> [(name of the fit, its lines)]: the fit, and the second one under train.refit"""
    log = run / "log.jsonl"  # a model that is not trained has none
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
    fits = [("", [line for line in lines if not line.get("refit")]), ("refit", [line for line in lines if line.get("refit")])]
    return [(name, lines) for name, lines in fits if lines]


def pyplot():
    """matplotlib, imported late: --help needs none."""
    try:
        import matplotlib
    except ImportError:
        sys.exit("plot_run: matplotlib is missing; pip install matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot

    return matplotlib.pyplot


def figure(title, x, y):
    plt = pyplot()
    fig, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    axes.set(xlabel=x, ylabel=y)
    axes.set_title(title, loc="left", fontsize=11)
    axes.grid(color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return fig, axes


def draw_curves(curves, title, y, color=None):
    """`curves`: [(label, [(step, value)])]"""
    fig, axes = figure(title, "step", y)
    for n, (label, points) in enumerate(curves):
        axes.plot(*zip(*points), color=color if n == 0 else None, linewidth=1, label=label)
    if len(curves) > 1:
        axes.legend(frameon=False)
    return fig


def draw_valid(metrics, title, best_step):
    """`metrics`: {name: [(step, value)]}; `best_step` may be None"""
    fig, axes = figure(title, "step", "validation part")
    for name, points in metrics.items():
        axes.plot(*zip(*points), color=BLUE if len(metrics) == 1 else None, marker=".", markersize=4, linewidth=1, label=name)
        best = [value for step, value in points if step == best_step]
        if best:
            axes.plot(best_step, best[0], "o", color=ORANGE, markersize=7, label=f"best: {best[0]:.4f} at step {best_step}")
    axes.legend(frameon=False)
    return fig


def draw_predictions(pairs, title):
    """`pairs`: [(true, predicted)]"""
    true, predicted = zip(*pairs)
    fig, axes = figure(title, "true rating", "predicted rating")
    by_rating = collections.defaultdict(list)
    for rating, prediction in pairs:
        by_rating[rating].append(prediction)
    ratings = sorted(by_rating)
    if len(ratings) <= FEW:
        gap = min((b - a for a, b in zip(ratings, ratings[1:])), default=1)
        boxes = axes.boxplot([by_rating[r] for r in ratings], positions=ratings, widths=0.6 * gap, whis=(5, 95), showfliers=False, patch_artist=True,
                             manage_ticks=False, medianprops={"color": ORANGE, "linewidth": 2})
        for box in boxes["boxes"]:
            box.set(facecolor="#d5e5f4", edgecolor=BLUE)
        axes.set_xticks(ratings, [f"{r:g}\n{len(by_rating[r]):,}" for r in ratings], fontsize=9)
        axes.set_xlabel("true rating, and how many there are (box: half of the predictions; whiskers: 90 %; line: median)")
    else:
        cells = axes.hexbin(true, predicted, gridsize=40, bins="log", mincnt=1, cmap="Blues")
        fig.colorbar(cells, label="interactions")
    axes.plot([ratings[0], ratings[-1]], [ratings[0], ratings[-1]], color=GREY, linewidth=1, linestyle="--", label="predicted = true")
    axes.legend(frameon=False, loc="lower right")
    return fig


def test_predictions(latent, run):
    """-> [(true, predicted)] of the run's test part"""
    with tempfile.TemporaryDirectory(prefix="latent-plot-") as folder:
        out = pathlib.Path(folder, "predictions.csv")
        try:
            done = subprocess.run([latent, "evaluate", run, "--predictions", out], capture_output=True, text=True)
        except OSError as error:
            sys.exit(f"plot_run: cannot run {latent} ({error.strerror}); build it, or name it with --latent")
        if done.returncode != 0:
            sys.exit(f"plot_run: {done.stderr.strip().splitlines()[-1]}")
        with open(out, newline="", encoding="utf-8") as file:
            return [(float(row["rating"]), float(row["prediction"])) for row in csv.DictReader(file)]


class Run:
    """What a finished run's folder says of it."""

    def __init__(self, folder):
        self.folder = folder
        self.name = folder.resolve().name
        try:
            self.metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
            self.fits = read_log(folder)
        except OSError as error:
            sys.exit(f"plot_run: {error.filename}: {error.strerror}; is {folder} a finished run?")

    def loss(self):
        """-> [(name of the fit, [(step, objective)])]"""
        fits = [(name, [(line["step"], line["objective"]) for line in lines if "objective" in line]) for name, lines in self.fits]
        return [(name, points) for name, points in fits if points]

    def valid(self):
        """-> {metric: [(step, value)]} of the first fit"""
        out = collections.defaultdict(list)
        for line in self.fits[0][1] if self.fits else []:
            for key in line:
                if key.startswith("valid_"):
                    out[key.removeprefix("valid_")].append((line["step"], line[key]))
        return out


def plots_of_one(run, latent):
    """-> {file name: figure}"""
    plots = {}
    if run.loss():
        plots["loss"] = draw_curves([(name or "fit", points) for name, points in run.loss()], f"{run.name}: objective", "objective", BLUE)
    valid = run.valid()
    if valid:
        plots["valid"] = draw_valid(valid, f"{run.name}: {', '.join(valid)} on the validation part", run.metrics["train"].get("best_step"))
    if "mse" in run.metrics["test"]:
        pairs = test_predictions(latent, run.folder)
        plots["predictions"] = draw_predictions(pairs, f"{run.name}: predictions of the test part, MSE {run.metrics['test']['mse']:.4f}")
    return plots


def plots_of_several(runs):
    """-> {file name: figure}; what runs do not share stands in the plots of those that have it."""
    plots = {}
    loss = [(f"{run.name} {name}".strip(), points) for run in runs for name, points in run.loss()]
    if loss:
        plots["loss"] = draw_curves(loss, "objective", "objective")
    for metric in dict.fromkeys(metric for run in runs for metric in run.valid()):
        curves = [(run.name, run.valid()[metric]) for run in runs if metric in run.valid()]
        plots[f"valid_{metric}"] = draw_curves(curves, f"{metric} on the validation part", metric)
    return plots


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("runs", type=pathlib.Path, metavar="RUN", nargs="+")
    parser.add_argument("-o", "--output", type=pathlib.Path, metavar="FOLDER", help="where the plots go (default: RUN/plots; of several runs: plots/ beside the first)")
    parser.add_argument("--latent", default=os.environ.get("LATENT", ROOT / "build/release/latent"), help="the program (default: %(default)s)")
    options = parser.parse_args()
    runs = [Run(folder) for folder in options.runs]
    first = runs[0].folder
    if len(runs) == 1:
        plots = plots_of_one(runs[0], options.latent)
        folder = options.output or first / "plots"
    else:
        plots = plots_of_several(runs)
        folder = options.output or first.resolve().parent / "plots"
    try:
        folder.mkdir(exist_ok=True, parents=True)
        for name, fig in plots.items():
            fig.savefig(folder / f"{name}.png", dpi=150)
            print(folder / f"{name}.png")
    except OSError as error:
        sys.exit(f"plot_run: {error.filename}: {error.strerror}")


if __name__ == "__main__":
    main()
