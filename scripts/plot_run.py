#!/usr/bin/env python3
"""Draws a run: RUN/plots/loss.png, valid.png (where it validated) and predictions.png (where it predicts ratings).

    python scripts/plot_run.py RUN [--latent build/release/latent]

Needs matplotlib, and the program for predictions.png: start it where the run was trained, as its data's path may be relative.
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

try:
    import matplotlib
except ImportError:
    sys.exit("plot_run: matplotlib is missing; pip install matplotlib")
matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[1]
BLUE, ORANGE, GREY = "#1f6fb4", "#d9730d", "#8a8a8a"
FEW = 21  # distinct ratings up to which each has a box of its own


def read_log(run):
    """-> [(name of the fit, its lines)]: the fit, and the second one under train.refit"""
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    fits = [("", [line for line in lines if not line.get("refit")]), ("refit", [line for line in lines if line.get("refit")])]
    return [(name, lines) for name, lines in fits if lines]


def figure(title, x, y):
    fig, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    axes.set(xlabel=x, ylabel=y)
    axes.set_title(title, loc="left", fontsize=11)
    axes.grid(color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return fig, axes


def draw_loss(fits, title):
    fig, axes = figure(title, "step", "objective")
    for (name, lines), color in zip(fits, (BLUE, ORANGE)):
        axes.plot([line["step"] for line in lines], [line["objective"] for line in lines], color=color, linewidth=1, label=name or "fit")
    if len(fits) > 1:
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", type=pathlib.Path, metavar="RUN")
    parser.add_argument("--latent", default=os.environ.get("LATENT", ROOT / "build/release/latent"), help="the program (default: %(default)s)")
    options = parser.parse_args()
    run = options.run
    try:
        metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
        fits = read_log(run)
    except OSError as error:
        sys.exit(f"plot_run: {error.filename}: {error.strerror}; is {run} a finished run?")

    name = run.resolve().name
    plots = {}
    if fits:
        plots["loss"] = draw_loss(fits, f"{name}: objective")
    valid = collections.defaultdict(list)
    for line in fits[0][1] if fits else []:
        for key in line:
            if key.startswith("valid_"):
                valid[key.removeprefix("valid_")].append((line["step"], line[key]))
    if valid:
        plots["valid"] = draw_valid(valid, f"{name}: {', '.join(valid)} on the validation part", metrics["train"].get("best_step"))
    if "mse" in metrics["test"]:
        pairs = test_predictions(options.latent, run)
        plots["predictions"] = draw_predictions(pairs, f"{name}: predictions of the test part, MSE {metrics['test']['mse']:.4f}")

    folder = run / "plots"
    try:
        folder.mkdir(exist_ok=True)
        for name, fig in plots.items():
            fig.savefig(folder / f"{name}.png", dpi=150)
            print(folder / f"{name}.png")
    except OSError as error:
        sys.exit(f"plot_run: {error.filename}: {error.strerror}")


if __name__ == "__main__":
    main()
